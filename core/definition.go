package core

import (
	"errors"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
)

// A Definition declares something about the documents of a collection, besides
// what struct tags declare: an Index, a Unique constraint, a Reference.
type Definition interface {
	// declare checks the definition and adds it.
	declare(to *declaration) error
}

// declaration gathers what tags and definitions declare of one collection.
type declaration struct {
	shape *shape
	codec ports.Codec
	docs  *documents

	indexes    []index.Definition
	names      map[string]string // index name → set
	unique     []unique.Definition
	references []ReferenceDefinition
}

// declaration joins what tags and arguments declare, and registers functions.
func (c *Collection[T]) declaration(definitions []Definition) (*declaration, error) {
	d := &declaration{
		shape: c.shape, codec: c.codec, docs: c.docs, indexes: c.shape.indexes,
		names: make(map[string]string), references: slices.Clone(c.shape.references),
	}
	for _, x := range d.indexes {
		d.names[x.Name] = x.Set()
	}
	for _, definition := range definitions {
		if definition == nil {
			return nil, errors.New("a definition is nil")
		}
		if err := definition.declare(d); err != nil {
			return nil, err
		}
	}
	if err := d.completeUnique(); err != nil {
		return nil, err
	}
	return d, d.completeReferences()
}

func (d IndexDefinition) declare(to *declaration) error {
	x, err := d.check(to.shape)
	if err != nil {
		return err
	}
	if set, taken := to.names[x.Name]; taken && set != x.Set() {
		return errors.New("two different indexes have the name " + x.Name)
	}
	to.names[x.Name] = x.Set()
	if d.extract != nil {
		codec := to.codec
		to.docs.holder.SetExtractor(x.Extract, func(members []byte) ([]any, error) {
			return d.extract(members, codec)
		})
	}
	if !slices.ContainsFunc(to.indexes, func(same index.Definition) bool { return same.Set() == x.Set() }) {
		to.indexes = append(to.indexes[:len(to.indexes):len(to.indexes)], x)
	}
	return nil
}
