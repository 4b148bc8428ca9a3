package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"reflect"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	v1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"
)

// printObjects gives of each kind one object that is empty, and others made by chance, always the same.
func printObjects(known *runtime.Scheme, kinds []schema.GroupVersionKind, count int) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	encoder := protobuf.NewSerializer(known, known)
	for number, kind := range kinds {
		random := randfill.New().RandSource(rand.NewSource(int64(number))).NumElements(1, 3).MaxDepth(14).Funcs(fillFuncs...)
		for made := range count {
			object, err := known.New(kind)
			check(err)
			// Whether something is there at all: in the first object nothing is, in the second everything.
			switch made {
			case 0:
			case 1:
				random.NilChance(0).Fill(object)
			default:
				random.NilChance(0.6).Fill(object)
			}
			object.GetObjectKind().SetGroupVersionKind(kind)
			body, err := runtime.Encode(encoder, object)
			check(err)
			// What a server reads of the bytes: an empty list, say, is none in them.
			read, _, err := encoder.Decode(body, nil, nil)
			check(err)
			read.GetObjectKind().SetGroupVersionKind(kind)
			text, err := json.Marshal(read)
			check(err)
			fmt.Fprintf(out, "%s\n%s\n", base64.StdEncoding.EncodeToString(body), text)
		}
	}
}

const anyJSON = `{"apiVersion":"example.com/v1","kind":"Any","spec":{"replicas":9007199254740993,"on":[true,null,-0.5e3,"<é>"]}}`

var fillFuncs = []any{
	func(raw *runtime.RawExtension, _ randfill.Continue) { raw.Raw = []byte(anyJSON) },
	func(raw *v1.FieldsV1, _ randfill.Continue) { raw.Raw = []byte(`{"f:spec":{".":{}}}`) },
	func(moment *v1.Time, random randfill.Continue) { moment.Time = someTime(random) },
	func(moment *v1.MicroTime, random randfill.Continue) { moment.Time = someTime(random) },
	func(quantity *resource.Quantity, random randfill.Continue) {
		*quantity = resource.MustParse([]string{"0", "1500m", "64Mi", "3e3", "-1", "0.1"}[random.Intn(6)])
	},
	func(either *intstr.IntOrString, random randfill.Continue) {
		*either = []intstr.IntOrString{intstr.FromInt32(0), intstr.FromInt32(-80), intstr.FromString("25%"), intstr.FromString("")}[random.Intn(4)]
	},
	func(raw *apiextensionsv1.JSON, _ randfill.Continue) { raw.Raw = []byte(anyJSON) },
	func(raw *apiextensionsv1beta1.JSON, _ randfill.Continue) { raw.Raw = []byte(`"text"`) },
	func(schema *apiextensionsv1.JSONSchemaProps, random randfill.Continue) { fillSchema(schema, random) },
	func(schema *apiextensionsv1beta1.JSONSchemaProps, random randfill.Continue) {
		fillSchema(schema, random)
	},
	func(either *apiextensionsv1.JSONSchemaPropsOrBool, random randfill.Continue) { fillOne(either, random) },
	func(either *apiextensionsv1beta1.JSONSchemaPropsOrBool, random randfill.Continue) {
		fillOne(either, random)
	},
	func(either *apiextensionsv1.JSONSchemaPropsOrArray, random randfill.Continue) {
		fillOne(either, random)
	},
	func(either *apiextensionsv1beta1.JSONSchemaPropsOrArray, random randfill.Continue) {
		fillOne(either, random)
	},
	func(either *apiextensionsv1.JSONSchemaPropsOrStringArray, random randfill.Continue) {
		fillOne(either, random)
	},
	func(either *apiextensionsv1beta1.JSONSchemaPropsOrStringArray, random randfill.Continue) {
		fillOne(either, random)
	},
}

func someTime(random randfill.Continue) time.Time {
	if random.Intn(5) == 0 {
		return time.Time{}
	}
	// Of the years 0 to 4000, with fractions.
	return time.Unix(random.Int63n(126_227_808_000)-62_167_219_200, random.Int63n(1_000_000_000))
}

// fillOne fills one of a struct's fields.
func fillOne(either any, random randfill.Continue) {
	value := reflect.ValueOf(either).Elem()
	random.Fill(value.Field(random.Intn(value.NumField())).Addr().Interface())
}

// fillSchema fills a few of a schema's fields: they hold schemas again.
func fillSchema(schema any, random randfill.Continue) {
	value := reflect.ValueOf(schema).Elem()
	for i := range value.NumField() {
		if random.Intn(14) == 0 {
			random.Fill(value.Field(i).Addr().Interface())
		}
	}
}

func newObject(of reflect.Type) runtime.Object {
	return reflect.New(of).Interface().(runtime.Object)
}
