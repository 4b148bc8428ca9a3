// A kubelet without containers: the real kubelet's own streaming servers (SPDY and WebSocket) in front of commands of this machine.
//
//	exec          runs the command in the folder -root/POD, with CONTAINER in its environment
//	attach        a program that echoes its input
//	port-forward  to 127.0.0.1, at the same port
//	logs          the file -root/POD.CONTAINER.log
//
// It says its port as the first line of its output, and takes every command along when it ends.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/kubelet/pkg/cri/streaming/portforward"
	streaming "k8s.io/kubelet/pkg/cri/streaming/remotecommand"
	utilexec "k8s.io/utils/exec"
)

const (
	idle     = time.Hour
	creation = 30 * time.Second
)

// What the kubelet offers to the API server, which translates v5 of WebSocket clients itself: v5 over SPDY has no handler here.
var protocols = []string{"v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"}

type runtime struct {
	root string
	// Ends with the program.
	ctx     context.Context
	running sync.WaitGroup
}

func (r *runtime) ExecInContainer(_ context.Context, pod string, _ types.UID, container string, command []string, in io.Reader, out, errors io.WriteCloser, tty bool, sizes <-chan remotecommand.TerminalSize, _ time.Duration) error {
	r.running.Add(1)
	defer r.running.Done()
	folder := filepath.Join(r.root, pod)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	child := exec.CommandContext(r.ctx, command[0], command[1:]...)
	child.Dir = folder
	child.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "POD_NAME=" + pod, "CONTAINER=" + container}
	// The whole group: a shell does not take its children along.
	child.Cancel = func() error { return syscall.Kill(-child.Process.Pid, syscall.SIGKILL) }
	child.WaitDelay = time.Second
	if tty {
		return exitOf(runInTerminal(child, in, out, sizes))
	}
	child.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if out != nil {
		child.Stdout = out
	}
	if errors != nil {
		child.Stderr = errors
	}
	if in != nil {
		// Not child.Stdin: its copying would be waited for after the child has ended.
		pipe, err := child.StdinPipe()
		if err != nil {
			return err
		}
		go func() { _, _ = io.Copy(pipe, in); _ = pipe.Close() }()
	}
	return exitOf(child.Run())
}

func runInTerminal(child *exec.Cmd, in io.Reader, out io.Writer, sizes <-chan remotecommand.TerminalSize) error {
	child.Env = append(child.Env, "TERM=xterm")
	terminal, err := pty.Start(child)
	if err != nil {
		return err
	}
	defer terminal.Close()
	go func() {
		for size := range sizes {
			_ = pty.Setsize(terminal, &pty.Winsize{Rows: size.Height, Cols: size.Width})
		}
	}()
	if in != nil {
		go func() { _, _ = io.Copy(terminal, in); _, _ = terminal.Write([]byte{4}) }()
	}
	_, _ = io.Copy(out, terminal)
	return child.Wait()
}

func exitOf(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return utilexec.CodeExitError{Err: err, Code: exit.ExitCode()}
	}
	return err
}

func (r *runtime) AttachContainer(ctx context.Context, pod string, uid types.UID, container string, in io.Reader, out, errors io.WriteCloser, tty bool, sizes <-chan remotecommand.TerminalSize) error {
	return r.ExecInContainer(ctx, pod, uid, container, []string{"cat"}, in, out, errors, tty, sizes, 0)
}

func (r *runtime) PortForward(_ context.Context, _ string, _ types.UID, port int32, stream io.ReadWriteCloser) error {
	server, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, stream); _ = server.(*net.TCPConn).CloseWrite() }()
	_, err = io.Copy(stream, server)
	return err
}

func (r *runtime) logs(w http.ResponseWriter, request *http.Request, pod, container string) {
	file, err := os.Open(filepath.Join(r.root, pod+"."+container+".log"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	defer file.Close()
	query := request.URL.Query()
	if tail, err := strconv.Atoi(query.Get("tailLines")); err == nil {
		all, _ := io.ReadAll(file)
		lines := strings.SplitAfter(string(all), "\n")
		if lines[len(lines)-1] == "" {
			lines = lines[:len(lines)-1]
		}
		_, _ = io.WriteString(w, strings.Join(lines[max(0, len(lines)-tail):], ""))
	} else {
		_, _ = io.Copy(w, file)
	}
	for query.Get("follow") == "true" {
		w.(http.Flusher).Flush()
		select {
		case <-request.Context().Done():
			return
		case <-r.ctx.Done():
			return
		case <-time.After(50 * time.Millisecond):
			_, _ = io.Copy(w, file)
		}
	}
}

// VERB/NAMESPACE/POD[/UID]/CONTAINER
func (r *runtime) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	log.Println(request.Method, request.URL, request.Header.Get("Upgrade"))
	parts := strings.Split(strings.Trim(request.URL.Path, "/"), "/")
	if len(parts) < 3 {
		http.NotFound(w, request)
		return
	}
	pod, container := parts[2], parts[len(parts)-1]
	switch parts[0] {
	case "exec", "attach":
		options, err := streaming.NewOptions(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		} else if parts[0] == "exec" {
			streaming.ServeExec(w, request, r, pod, "", container, request.URL.Query()["command"], options, idle, creation, protocols)
		} else {
			streaming.ServeAttach(w, request, r, pod, "", container, options, idle, creation, protocols)
		}
	case "portForward":
		options, err := portforward.NewV4Options(request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		portforward.ServePortForward(w, request, r, pod, "", options, idle, creation, portforward.SupportedProtocols)
	case "containerLogs":
		r.logs(w, request, pod, container)
	default:
		http.NotFound(w, request)
	}
}

func main() {
	certificate := flag.String("cert", "", "certificate, PEM")
	key := flag.String("key", "", "its key, PEM")
	root := flag.String("root", ".", "folder of the pods")
	flag.Parse()
	pair, err := tls.LoadX509KeyPair(*certificate, *key)
	if err != nil {
		log.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	if err != nil {
		log.Fatal(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	endWithParent(stop)
	r := &runtime{root: *root, ctx: ctx}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	go func() { log.Println(http.Serve(listener, r)) }()
	<-ctx.Done()
	r.running.Wait()
}
