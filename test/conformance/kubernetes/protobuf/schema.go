package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Types with a JSON form of their own, and the fields of their messages where those are not the type's.
var forms = map[reflect.Type]struct{ form, fields string }{
	reflect.TypeFor[metav1.Time]():                                       {"time", "1:seconds:l 2:nanos:i"},
	reflect.TypeFor[metav1.MicroTime]():                                  {"micro-time", "1:seconds:l 2:nanos:i"},
	reflect.TypeFor[resource.Quantity]():                                 {"quantity", "1:string:s"},
	reflect.TypeFor[intstr.IntOrString]():                                {"int-or-string", "1:type:l 2:intVal:i 3:strVal:s"},
	reflect.TypeFor[runtime.RawExtension]():                              {"json", "1:raw:j"},
	reflect.TypeFor[metav1.FieldsV1]():                                   {"json", "1:raw:j"},
	reflect.TypeFor[apiextensionsv1.JSON]():                              {"json", "1:raw:j"},
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrBool]():             {"schema-or-bool", ""},
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrArray]():            {"schema-or-array", ""},
	reflect.TypeFor[apiextensionsv1.JSONSchemaPropsOrStringArray]():      {"schema-or-strings", ""},
	reflect.TypeFor[apiextensionsv1beta1.JSON]():                         {"json", "1:raw:j"},
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrBool]():        {"schema-or-bool", ""},
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrArray]():       {"schema-or-array", ""},
	reflect.TypeFor[apiextensionsv1beta1.JSONSchemaPropsOrStringArray](): {"schema-or-strings", ""},
}

type table struct {
	lines   []string
	indexes map[reflect.Type]int
}

func printSchema(known *runtime.Scheme, kinds []schema.GroupVersionKind) {
	messages := &table{indexes: map[reflect.Type]int{}}
	var versions []string
	ofVersion := map[string][]string{}
	for _, kind := range kinds {
		version := kind.GroupVersion().String()
		if ofVersion[version] == nil {
			versions = append(versions, version)
		}
		index := messages.index(known.AllKnownTypes()[kind])
		ofVersion[version] = append(ofVersion[version], fmt.Sprintf("%s:%d", kind.Kind, index))
	}
	for _, version := range versions {
		fmt.Println(version, strings.Join(ofVersion[version], " "))
	}
	fmt.Println()
	for _, line := range messages.lines {
		fmt.Println(line)
	}
}

// index gives the line of a type's message, which it makes where there is none yet.
func (t *table) index(of reflect.Type) int {
	if index, ok := t.indexes[of]; ok {
		return index
	}
	index := len(t.lines)
	t.indexes[of] = index
	t.lines = append(t.lines, "")
	t.lines[index] = strings.Join(append([]string{t.head(of)}, t.fields(of)...), " ")
	return index
}

func (t *table) head(of reflect.Type) string {
	if own, ok := forms[of]; ok {
		return of.Name() + "=" + own.form
	}
	if of.Kind() == reflect.Slice {
		return of.Name() + "=list"
	}
	if reflect.PointerTo(of).Implements(reflect.TypeFor[json.Marshaler]()) {
		panic(of.String() + " has a JSON form of its own, which is not known")
	}
	return of.Name()
}

func (t *table) fields(of reflect.Type) []string {
	if own := forms[of]; own.fields != "" {
		return strings.Fields(own.fields)
	}
	if of.Kind() == reflect.Slice {
		return []string{"1:items:*" + t.value(of.Elem())}
	}
	var fields []string
	for i := range of.NumField() {
		field := of.Field(i)
		tag := strings.Split(field.Tag.Get("protobuf"), ",")
		if len(tag) < 3 {
			if field.Tag.Get("protobuf") != "-" && field.Type != reflect.TypeFor[metav1.TypeMeta]() {
				panic(fmt.Sprintf("%s.%s is in no message", of, field.Name))
			}
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if _, own := forms[of]; own {
			name = strings.TrimPrefix(tag[3], "name=")
		}
		if name == "" && !strings.Contains(options, "inline") && !field.Anonymous {
			panic(fmt.Sprintf("%s.%s has no name", of, field.Name))
		}
		fields = append(fields, fmt.Sprintf("%s:%s:%s", tag[1], name, t.fieldType(field.Type, options)))
	}
	return fields
}

// fieldType: `*` many, `%` a map with keys that are text, `?` not written where it is zero.
func (t *table) fieldType(of reflect.Type, options string) string {
	if of.Kind() == reflect.Pointer {
		return t.value(of.Elem())
	}
	if of.Kind() == reflect.Map {
		if of.Key().Kind() != reflect.String || isMessage(of) {
			panic(of.String() + " is no map that is known")
		}
		return "%" + t.value(of.Elem())
	}
	if of.Kind() == reflect.Slice && of.Elem().Kind() != reflect.Uint8 && !isMessage(of) {
		return "*" + t.value(of.Elem())
	}
	text := t.value(of)
	if strings.Contains(options, "omitzero") || strings.Contains(options, "omitempty") && of.Kind() != reflect.Struct {
		text += "?"
	}
	return text
}

func (t *table) value(of reflect.Type) string {
	scalar := map[reflect.Kind]string{
		reflect.String: "s", reflect.Bool: "b", reflect.Int32: "i", reflect.Int64: "l", reflect.Float64: "d",
	}[of.Kind()]
	switch {
	case of.Kind() == reflect.Struct, of.Kind() == reflect.Slice && isMessage(of):
		return fmt.Sprintf("m%d", t.index(of))
	case of.Kind() == reflect.Slice && of.Elem().Kind() == reflect.Uint8:
		return "y"
	case scalar != "":
		return scalar
	}
	panic(of.String() + " is not known")
}

// isMessage tells a slice or a map that is a message of its own, with a field of its elements.
func isMessage(of reflect.Type) bool {
	return reflect.PointerTo(of).Implements(reflect.TypeFor[interface{ Unmarshal([]byte) error }]())
}
