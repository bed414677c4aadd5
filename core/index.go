package core

import (
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/ports"
)

// An IndexDefinition declares an index of a collection, besides those that
// struct tags declare.
type IndexDefinition struct {
	definition index.Definition
	extract    func(members []byte, codec ports.Codec) ([]any, error)
	problem    error
}

// Index declares an index over fields, each a member name or a dotted path
// into nested objects, with a minus in front for descending order. Several
// fields make a compound index, which serves conditions on its first fields.
// An array stands for its elements: the document is found under each.
func Index(fields ...string) IndexDefinition {
	var d IndexDefinition
	for _, field := range fields {
		path, descending := strings.CutPrefix(field, "-")
		d.definition.Fields = append(d.definition.Fields, index.Field{Path: path, Descending: descending})
	}
	d.definition.Name = "by_" + strings.ReplaceAll(strings.Join(fields, "_"), "-", "")
	switch {
	case len(fields) == 0:
		d.problem = fmt.Errorf("an index needs a field")
	case len(fields) > index.MaxFields:
		d.problem = fmt.Errorf("index %s has %d fields, more than %d", d.definition.Name, len(fields), index.MaxFields)
	}
	return d
}

// IndexFunc declares an index over what fn computes from a document: any
// number of null, boolean, number, string or time values. Queries reach it
// with the field name "name()". Every program that writes to the collection
// must register the function under that name, and it must always answer the same
// for the same document; change the name when you change what it computes.
func IndexFunc[T any](name string, fn func(value T) []any) IndexDefinition {
	return IndexDefinition{
		definition: index.Definition{Name: name, Extract: name},
		extract: func(members []byte, codec ports.Codec) ([]any, error) {
			var value T
			if err := codec.Unmarshal(members, &value); err != nil {
				return nil, err
			}
			return fn(value), nil
		},
	}
}

// Named gives the index another name, by which Explain and messages call it.
func (d IndexDefinition) Named(name string) IndexDefinition {
	if d.definition.Extract != "" {
		d.problem = fmt.Errorf("index %s is named by its function", d.definition.Name)
	}
	d.definition.Name = name
	return d
}

// Optional leaves documents out of the index whose first field is missing or
// null. It is smaller, and does not serve conditions that null fulfils.
func (d IndexDefinition) Optional() IndexDefinition {
	d.definition.Optional = true
	return d
}

// checkPath reports why a dotted path can't name a member; empty: it can.
func checkPath(path string) string {
	for segment := range strings.SplitSeq(path, ".") {
		if segment == "" {
			return fmt.Sprintf("the field %q has an empty name in it", path)
		}
	}
	return ""
}

func (d IndexDefinition) check(s *shape) (index.Definition, error) {
	if d.problem != nil {
		return index.Definition{}, d.problem
	}
	if d.definition.Name == "" {
		return index.Definition{}, fmt.Errorf("an index has no name")
	}
	for i := range d.definition.Fields {
		field := &d.definition.Fields[i]
		if problem := checkPath(field.Path); problem != "" {
			return index.Definition{}, fmt.Errorf("index %s: %s", d.definition.Name, problem)
		}
		field.Time = s.times[field.Path]
	}
	return d.definition, nil
}
