package core

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/unique"
)

// A UniqueDefinition declares that no two documents of a collection have the
// same value in a field. See Unique.
type UniqueDefinition struct {
	definition unique.Definition
	functions  map[string]unique.Normalizer
	problem    error
}

// Unique declares that no two documents of the collection have the same value
// in a field, which is a member name or a dotted path into nested objects, or
// the same combination of values in several. A write that would break this
// answers ErrConstraint, with a *UniqueError as its cause.
//
// An array stands for its elements: none of them may be in another document. A
// field that is missing or null counts as a value like any other, unless the
// constraint is Optional. Numbers are equal if they are the same number, with
// whatever spelling and precision; strings if they are the same bytes, see
// Normalize. A document with an object in the field is refused with ErrInvalid,
// and so is one with more than 100 unique values.
//
// The struct tag for it is sb:"unique", with the options normalize:…, optional
// and name:…; fields that name the same constraint make one over all of them.
//
// Constraints are kept with the collection, so every program honours them, also
// one that writes by key and knows none of them. It needs no index, and no
// crash leaves two documents with a value, or a value that nobody can take. A
// write costs one more request for each value that it adds to its document.
//
// Documents that are there when a constraint is declared for the first time
// are looked at in the background, which begins when every program must have learned of
// the constraint; until it has ended, what the writers add is unique among
// itself. Collection.WaitReady waits for that, and says which documents have the
// same value; see also Collection.VerifyUnique.
func Unique(fields ...string) UniqueDefinition {
	var d UniqueDefinition
	for _, field := range fields {
		d.definition.Fields = append(d.definition.Fields, unique.Field{Path: field})
	}
	return d
}

// Normalize lets spellings of strings count as one value, in the given fields, or
// in all: "trim" without white space around them, "lower" in lower case, "email"
// both, or a name that Normalizer registers. What is stored stays as it is.
func (d UniqueDefinition) Normalize(name string, fields ...string) UniqueDefinition {
	d.definition.Fields = slices.Clone(d.definition.Fields)
	for _, path := range fields {
		if !slices.ContainsFunc(d.definition.Fields, func(f unique.Field) bool { return f.Path == path }) {
			d.problem = errors.Join(d.problem, fmt.Errorf("the unique constraint on %s has no field %q to normalise", d.definition, path))
		}
	}
	for i := range d.definition.Fields {
		if field := &d.definition.Fields[i]; len(fields) == 0 || slices.Contains(fields, field.Path) {
			field.Normalize = name
		}
	}
	return d
}

// NormalizeFunc is Normalize with a function of the program's own; see
// Normalizer.
func (d UniqueDefinition) NormalizeFunc(name string, fn func(text string) string, fields ...string) UniqueDefinition {
	d.functions = maps.Clone(d.functions)
	if d.functions == nil {
		d.functions = make(map[string]unique.Normalizer)
	}
	d.functions[name] = fn
	return d.Normalize(name, fields...)
}

// Named gives the constraint another name than that of its fields. It is part
// of the keys of its objects. A constraint with other fields, normalisers or
// options than before needs another name.
func (d UniqueDefinition) Named(name string) UniqueDefinition {
	d.definition.Name = name
	if name == "" {
		d.problem = errors.Join(d.problem, errors.New("a unique constraint has an empty name"))
	}
	return d
}

// Optional exempts what is missing, null, or an empty string after it was
// normalised; of several fields, one of them is enough.
func (d UniqueDefinition) Optional() UniqueDefinition {
	d.definition.Optional = true
	return d
}

// Normalizer registers a function that maps the spellings of a string which
// count as one value to one of them, for the struct tag sb:"unique,normalize:name".
// Every program that writes to the collection must register it under that
// name, or its writes are refused with ErrUnsupported. It must always answer the same for
// the same text; change the name when you change what it answers.
func Normalizer(name string, fn func(text string) string) Definition {
	return normalizer{name, fn}
}

type normalizer struct {
	name string
	fn   unique.Normalizer
}

func (n normalizer) declare(to *declaration) error {
	switch {
	case n.name == "" || n.fn == nil:
		return errors.New("a normaliser needs a name and a function")
	case unique.IsBuiltIn(n.name):
		return fmt.Errorf("the normaliser %q is built in", n.name)
	}
	to.docs.holder.Unique.Register(n.name, n.fn)
	return nil
}

func (d UniqueDefinition) declare(to *declaration) error {
	if d.problem != nil {
		return d.problem
	}
	for name, fn := range d.functions {
		if err := (normalizer{name, fn}).declare(to); err != nil {
			return err
		}
	}
	to.unique = append(to.unique, d.definition)
	return nil
}

// completeUnique checks all constraints together, when all functions that they
// may name are known.
func (d *declaration) completeUnique() error {
	var all []unique.Definition
	for _, x := range slices.Concat(d.shape.unique, d.unique) {
		if x.Name == "" {
			x.Name = x.DefaultName()
		}
		if err := d.checkUnique(x); err != nil {
			return err
		}
		same := func(other unique.Definition) bool { return other.Name == x.Name }
		if at := slices.IndexFunc(all, same); at < 0 {
			all = append(all, x)
		} else if !all[at].Same(x) {
			return fmt.Errorf("two different unique constraints have the name %s", x.Name)
		}
	}
	d.unique = all
	return nil
}

func (d *declaration) checkUnique(x unique.Definition) error {
	if err := x.Check(d.docs.name); err != nil {
		return err
	}
	for _, field := range x.Fields {
		if problem := checkPath(field.Path); problem != "" {
			return fmt.Errorf("the unique constraint %q: %s", x.Name, problem)
		}
		if _, err := d.docs.holder.Unique.Normalizer(field.Normalize); err != nil {
			return fmt.Errorf("the unique constraint %q: %w; want trim, lower, email, or one that Normalizer registers", x.Name, err)
		}
	}
	return nil
}
