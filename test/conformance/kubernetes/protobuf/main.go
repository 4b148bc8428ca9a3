// Command protobuf says what the API of Kubernetes is made of, from the Go types that its servers and clients are built with.
//
//	protobuf schema         the messages of all kinds that a request may carry, as in packages/protocols/src/kubernetes/protobuf-messages.ts
//	protobuf objects COUNT  of each kind so many objects: a line of its envelope in base64, and a line of its JSON
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	apiregistrationv1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	apiregistrationv1beta1 "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1beta1"
)

func main() {
	known := scheme.Scheme
	for _, add := range []func(*runtime.Scheme) error{
		apiextensionsv1.AddToScheme,
		apiextensionsv1beta1.AddToScheme,
		apiregistrationv1.AddToScheme,
		apiregistrationv1beta1.AddToScheme,
	} {
		check(add(known))
	}
	switch {
	case len(os.Args) == 2 && os.Args[1] == "schema":
		printSchema(known, kindsOf(known))
	case len(os.Args) == 3 && os.Args[1] == "objects":
		count, err := strconv.Atoi(os.Args[2])
		check(err)
		printObjects(known, kindsOf(known), count)
	default:
		fmt.Fprintln(os.Stderr, "usage: protobuf schema | objects COUNT")
		os.Exit(2)
	}
}

// kindsOf gives the kinds that a body may be of: no lists, and of the options, which each version has again, those of a delete, once.
func kindsOf(known *runtime.Scheme) []schema.GroupVersionKind {
	kinds := []schema.GroupVersionKind{{Version: "v1", Kind: "DeleteOptions"}}
	for kind, of := range known.AllKnownTypes() {
		_, list := of.FieldByName("ListMeta")
		unversioned, _ := known.IsUnversioned(newObject(of))
		other := kind.Kind == "WatchEvent" || strings.HasSuffix(kind.Kind, "Options")
		if !list && !unversioned && !other && kind.Version != runtime.APIVersionInternal {
			kinds = append(kinds, kind)
		}
	}
	sort.Slice(kinds, func(i, j int) bool { return kinds[i].String() < kinds[j].String() })
	return kinds
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
