// What programs do with client-go, at the cluster of a kubeconfig: client-go KUBECONFIG POD CONTAINER PORT
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/client-go/util/exec"
)

const namespace = "shop"

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pod, container, port := os.Args[2], os.Args[3], os.Args[4]
	config := must(clientcmd.BuildConfigFromFlags("", os.Args[1]))
	// Typed clients would send protobuf, which hoop cannot judge.
	config.ContentType = "application/json"
	client := must(kubernetes.NewForConfig(config))

	list := must(client.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{}))
	fmt.Println("list:", list.Items[0].Name)
	unstructured := must(must(dynamic.NewForConfig(config)).Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(namespace).Get(ctx, pod, metav1.GetOptions{}))
	fmt.Println("dynamic:", unstructured.GetName())
	protobuf := rest.CopyConfig(config)
	protobuf.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	_, err := must(kubernetes.NewForConfig(protobuf)).CoreV1().Pods(namespace).Get(ctx, pod, metav1.GetOptions{})
	fmt.Println("protobuf accepted:", err == nil)
	inform(ctx, client)

	url := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Container: container, Command: []string{"sh", "-c", "cat; echo warned >&2; exit 3"}, Stdin: true, Stdout: true, Stderr: true}, scheme.ParameterCodec).URL()
	websocket := must(remotecommand.NewWebSocketExecutor(config, http.MethodGet, url.String()))
	fmt.Println("exec over WebSocket:", run(ctx, websocket))
	fmt.Println("exec over SPDY:", run(ctx, must(remotecommand.NewSPDYExecutor(config, http.MethodPost, url))))

	forward := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	fmt.Println("port-forward over WebSocket:", fetch(must(portforward.NewSPDYOverWebsocketDialer(forward, config)), port))
	transport, upgrader := must2(spdy.RoundTripperFor(config))
	fmt.Println("port-forward over SPDY:", fetch(spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, forward), port))
}

func must2[A, B any](a A, b B, err error) (A, B) {
	if err != nil {
		log.Fatal(err)
	}
	return a, b
}

// What controllers do: one list, then a watch that goes on.
func inform(ctx context.Context, client kubernetes.Interface) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	factory := informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace))
	seen := make(chan string, 100)
	must(factory.Core().V1().ConfigMaps().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { seen <- "added " + object.(*corev1.ConfigMap).Name },
		DeleteFunc: func(object any) { seen <- "deleted " + object.(*corev1.ConfigMap).Name },
	}))
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	maps := client.CoreV1().ConfigMaps(namespace)
	object := must(maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "informed-"}}, metav1.CreateOptions{}))
	if err := maps.Delete(ctx, object.Name, metav1.DeleteOptions{}); err != nil {
		log.Fatal(err)
	}
	for _, event := range []string{"added", "deleted"} {
		for said := ""; said != event+" "+object.Name; {
			select {
			case said = <-seen:
			case <-ctx.Done():
				log.Fatal("the informer did not see what was ", event)
			}
		}
		fmt.Println("informer:", event)
	}
}

func run(ctx context.Context, executor remotecommand.Executor) string {
	var out, errs bytes.Buffer
	err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdin: strings.NewReader("hello"), Stdout: &out, Stderr: &errs})
	var exit exec.CodeExitError
	if !errors.As(err, &exit) {
		log.Fatal("exec did not tell the exit code: ", err)
	}
	return fmt.Sprintf("%s %s %d", out.String(), strings.TrimSpace(errs.String()), exit.Code)
}

func fetch(dialer httpstream.Dialer, port string) string {
	stop, ready := make(chan struct{}), make(chan struct{})
	defer close(stop)
	forwarder := must(portforward.NewOnAddresses(dialer, []string{"127.0.0.1"}, []string{"0:" + port}, stop, ready, io.Discard, os.Stderr))
	go func() {
		if err := forwarder.ForwardPorts(); err != nil {
			log.Fatal(err)
		}
	}()
	<-ready
	answer := must(http.Get(fmt.Sprintf("http://127.0.0.1:%d/", must(forwarder.GetPorts())[0].Local)))
	defer answer.Body.Close()
	return string(must(io.ReadAll(answer.Body)))
}
