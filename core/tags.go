package core

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/unique"
)

// shape is what the database knows of a Go type: which fields its struct tags
// give a meaning, and which members are times.
type shape struct {
	of      reflect.Type
	id      []int // index path of the field tagged id, or nil
	created []int
	updated []int
	indexes []index.Definition
	times   map[string]bool // dotted paths of members that are time.Time

	references []ReferenceDefinition
	unique     []unique.Definition
}

var (
	timeType = reflect.TypeFor[time.Time]()
	rawType  = reflect.TypeFor[json.RawMessage]()
)

// inspect reads the struct tags of a type. Types other than structs, maps
// with string keys, json.RawMessage and any are refused.
func inspect(t reflect.Type) (*shape, error) {
	s := &shape{of: t, times: make(map[string]bool)}
	switch {
	case t == rawType, t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return s, nil
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		return s, nil
	case t.Kind() == reflect.Struct && t != timeType:
		p := &inspection{shape: s, compound: make(map[string]int)}
		if err := p.walk(t, nil, "", nil); err != nil {
			return nil, err
		}
		s.idByConvention()
		return s, nil
	}
	return nil, fmt.Errorf("type %v can't be a document: want a struct, a map with string keys, json.RawMessage or any", t)
}

// inspection is a walk over the fields of a type.
type inspection struct {
	*shape
	compound map[string]int // index name → position in shape.indexes
}

// walk visits the fields of a struct. prefix is the dotted path of the struct
// and at the position of its field; open lists the types that it is nested in.
func (p *inspection) walk(t reflect.Type, at []int, prefix string, open []reflect.Type) error {
	for _, outer := range open {
		if outer == t {
			return nil // a type that contains itself ends here
		}
	}
	for i := range t.NumField() {
		field := t.Field(i)
		name, skip := memberName(field)
		tag, tagged := field.Tag.Lookup("sb")
		if tagged && skip {
			return fmt.Errorf("field %v.%s has the tag sb:%q, but is not part of the JSON", t, field.Name, tag)
		}
		if skip {
			continue
		}
		path := prefix + name
		if name == "" {
			path = strings.TrimSuffix(prefix, ".")
		}
		if prefix == "" && document.IsReserved(name) {
			return fmt.Errorf("field %v.%s has the JSON name %q, which is reserved", t, field.Name, name)
		}
		if tagged {
			if err := p.tag(t, field, tag, path, append(at[:len(at):len(at)], i)); err != nil {
				return err
			}
		}
		if err := p.descend(field, name, path, prefix, append(at[:len(at):len(at)], i), append(open[:len(open):len(open)], t)); err != nil {
			return err
		}
	}
	return nil
}

// descend goes into nested structs, also through pointers and slices.
func (p *inspection) descend(field reflect.StructField, name, path, prefix string, at []int, open []reflect.Type) error {
	inner := field.Type
	for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice || inner.Kind() == reflect.Array {
		inner = inner.Elem()
	}
	switch {
	case inner == timeType:
		p.times[path] = true
		return nil
	case inner.Kind() != reflect.Struct:
		return nil
	case name == "": // embedded: its members are ours
		return p.walk(inner, at, prefix, open)
	default:
		return p.walk(inner, at, path+".", open)
	}
}

// memberName is the JSON name of a field; empty for an embedded struct whose
// members are promoted. skip is true for fields that encoding/json leaves out.
func memberName(field reflect.StructField) (name string, skip bool) {
	tag := field.Tag.Get("json")
	if tag == "-" {
		return "", true
	}
	name, _, _ = strings.Cut(tag, ",")
	if field.Anonymous && name == "" {
		inner := field.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			return "", false
		}
	}
	if !field.IsExported() {
		return "", true
	}
	if name == "" {
		name = field.Name
	}
	return name, false
}

// tag reads one sb tag: a word with its options, or several words, parted by
// semicolons.
func (p *inspection) tag(t reflect.Type, field reflect.StructField, tag, path string, at []int) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("field %v.%s has the tag sb:%q: %s", t, field.Name, tag, fmt.Sprintf(format, args...))
	}
	words := strings.Split(tag, ";")
	for _, text := range words {
		word, rest, _ := strings.Cut(text, ",")
		if parent, isReference := strings.CutPrefix(word, "ref:"); isReference {
			word, rest = "ref", parent+","+rest
		}
		if len(words) > 1 && word != "index" && word != "unique" && word != "ref" {
			return refuse("%q can't be combined with others; index, unique and ref can", word)
		}
		if err := p.word(field, word, rest, path, at, refuse); err != nil {
			return err
		}
	}
	return nil
}

// word reads one word of a tag with its options.
func (p *inspection) word(field reflect.StructField, word, rest, path string, at []int, refuse func(string, ...any) error) error {
	if word != "index" && word != "unique" && word != "ref" && rest != "" {
		return refuse("%q takes no options", word)
	}
	if strings.Contains(path, ".") && word != "index" && word != "unique" {
		return refuse("%q works on the fields of the document itself, not on nested ones", word)
	}
	if word != "index" && word != "unique" && throughPointer(p.of, at) {
		return refuse("%q does not work through an embedded pointer", word)
	}
	switch word {
	case "id":
		if field.Type.Kind() != reflect.String {
			return refuse("an id must be a string, not %v", field.Type)
		}
		return only(&p.id, at, refuse)
	case "created", "updated":
		if field.Type != timeType {
			return refuse("%q needs a time.Time, not %v", word, field.Type)
		}
		if word == "created" {
			return only(&p.created, at, refuse)
		}
		return only(&p.updated, at, refuse)
	case "index":
		if name, _ := memberName(field); name == "" {
			return refuse("an embedded struct can't be indexed as a whole")
		}
		return p.indexTag(field, rest, path, refuse)
	case "ref":
		return p.refTag(field, rest, path, refuse)
	case "unique":
		return p.uniqueTag(field, rest, path, refuse)
	case "ttl":
		return refuse("%q is not supported by this version of the library", word)
	default:
		return refuse("%q is unknown; want id, index, unique, ref, created or updated", word)
	}
}

// idByConvention takes a string field ID with the JSON name "id" for the id,
// where no field is tagged.
func (s *shape) idByConvention() {
	field, found := s.of.FieldByName("ID")
	if s.id != nil || !found || field.Type.Kind() != reflect.String || throughPointer(s.of, field.Index) {
		return
	}
	if name, skip := memberName(field); !skip && name == "id" {
		s.id = field.Index
	}
}

// throughPointer reports whether a field is reached through an embedded
// pointer: writing to it would change a value that the caller still holds.
func throughPointer(t reflect.Type, at []int) bool {
	for _, i := range at[:len(at)-1] {
		if t = t.Field(i).Type; t.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// only notes the one field that may have a tag.
func only(target *[]int, at []int, refuse func(string, ...any) error) error {
	if *target != nil {
		return refuse("another field has it already")
	}
	*target = at
	return nil
}

// indexTag reads the options of an index tag: name:x, optional, desc. Fields
// that name the same index make a compound one, in their order.
func (p *inspection) indexTag(field reflect.StructField, options, path string, refuse func(string, ...any) error) error {
	d := index.Definition{Name: "by_" + path, Fields: []index.Field{{Path: path, Time: isTime(field.Type)}}}
	for option := range strings.SplitSeq(options, ",") {
		switch {
		case option == "optional":
			d.Optional = true
		case option == "desc":
			d.Fields[0].Descending = true
		case strings.HasPrefix(option, "name:") && len(option) > len("name:"):
			d.Name = option[len("name:"):]
		case option != "" || options != "":
			return refuse("the option %q is unknown; want name:…, optional or desc", option)
		}
	}
	if !indexable(field.Type) {
		return refuse("%v can't be indexed: want a boolean, number, string, time.Time, or a slice of these", field.Type)
	}
	if i, ok := p.compound[d.Name]; ok {
		joined := &p.indexes[i]
		joined.Fields = append(joined.Fields, d.Fields...)
		joined.Optional = joined.Optional || d.Optional
		return nil
	}
	p.compound[d.Name] = len(p.indexes)
	p.indexes = append(p.indexes, d)
	return nil
}

func isTime(t reflect.Type) bool {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Array {
		t = t.Elem()
	}
	return t == timeType
}

// indexable reports whether values of the type are scalars in JSON, or arrays
// of them. Types with an encoding of their own are given the benefit of the
// doubt.
func indexable(t reflect.Type) bool {
	custom := reflect.TypeFor[json.Marshaler]()
	text := reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()
	for {
		if t == timeType || t.Implements(custom) || t.Implements(text) || reflect.PointerTo(t).Implements(custom) || reflect.PointerTo(t).Implements(text) {
			return true
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array:
			t = t.Elem()
		case reflect.Struct, reflect.Map, reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
			return false
		default:
			return true
		}
	}
}
