package core

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/layout"
)

// OnDelete says what becomes of a document that refers to one which is deleted.
type OnDelete string

const (
	// Restrict refuses the delete with ErrConstraint. It is the default.
	Restrict OnDelete = "restrict"

	// Cascade deletes the document that refers, too, and what refers to that.
	Cascade OnDelete = "cascade"

	// SetNull takes the id out of the document that refers: the member goes, or
	// the element of the array does.
	SetNull OnDelete = "set_null"
)

// A ReferenceDefinition declares that documents of a collection hold ids of
// documents of another one, or of the same. See Reference.
type ReferenceDefinition struct {
	reference index.Reference // without the collection that refers
	parent    string
	problem   error
}

// Reference declares that a member of the collection's documents holds the id of
// a document of another collection, its parent, or an array of such ids. What
// becomes of the document when its parent is deleted says OnDelete: Restrict, if
// nothing else is said.
//
// The struct tag for it is sb:"ref:users", with the options on_delete:cascade,
// on_delete:set_null and must_exist. A tag can carry several words, parted by
// semicolons: sb:"unique;ref:users". A reference implies an index on its field,
// unless there is one that begins with it.
//
// References are kept with the collection that they point to, so every program
// that deletes there honours them, also one that does not know the collection
// that refers. A program that was there before a reference was declared for the
// first time learns of it within ten seconds, on stores without a network within
// one; until then it deletes as if there were none. Collection.WaitReady waits
// until that is over. To change a reference, see DB.DropReference.
//
// # Deletes
//
// Deleting a document that nothing refers to costs what it always does. For a
// collection that has references, a delete is a transaction, which looks for the
// documents that refer. Up to 100 documents, the parent among them, are deleted or
// changed atomically. A document that comes to refer to the parent meanwhile goes
// with it, or the delete starts over; one that is written later refers to nothing,
// unless MustExist forbids that.
//
// More of them are deleted in many transactions, each atomic, those that refer
// before what they refer to, and the parent last, in a transaction that
// sees none any more. References that are set to null go first of all. Meanwhile
// readers see the parent with fewer and fewer documents that refer to it, and none
// of these without its parent, unless they refer to each other in a circle. Before
// anything is deleted the whole tree is searched for what restricts the delete,
// and refuses it; a document that restricts it and comes later
// stops it half-way, with ErrConstraint, and what is deleted by then stays
// deleted. A delete that fails on its way answers ErrOutcomeUnknown. A document that no longer refers to any of them when its turn comes
// stays; what referred to it may be gone. What a process that crashed left half done is done by the next Delete
// of the same document, or by DB.Maintain, unless the document was written since.
// With IfRevision, such a delete asks for the revision at the start and at the end.
//
// A document that can't be read is deleted alone, after what refers to it, since
// no transaction can lock it; inside a transaction that answers ErrCorrupt.
func Reference(field, collection string) ReferenceDefinition {
	d := ReferenceDefinition{reference: index.Reference{Field: field, OnDelete: string(Restrict)}, parent: collection}
	switch {
	case field == "":
		d.problem = errors.New("a reference needs a field")
	case strings.Contains(field, "."), strings.HasSuffix(field, "()"):
		d.problem = fmt.Errorf("the reference %q → %q: want a member of the document itself, not %q", field, collection, field)
	case collection == "":
		d.problem = fmt.Errorf("the reference %q: it names no collection", field)
	case layout.CheckCollection(collection) != "":
		d.problem = fmt.Errorf("the reference %q → %q: %s", field, collection, layout.CheckCollection(collection))
	}
	return d
}

// OnDelete says what becomes of a document when what it refers to is deleted.
func (d ReferenceDefinition) OnDelete(policy OnDelete) ReferenceDefinition {
	if policy != Restrict && policy != Cascade && policy != SetNull && d.problem == nil {
		d.problem = fmt.Errorf("the reference %q → %q: on_delete %q is unknown; want restrict, cascade or set_null", d.reference.Field, d.parent, policy)
	}
	d.reference.OnDelete = string(policy)
	return d
}

// MustExist lets every write of a document check that what it newly refers to
// is there, and refuses it with ErrConstraint otherwise. The write is then a
// transaction; without, a document may be written that refers to nothing. Null
// and a missing member refer to nothing and are fine; an empty string is an id,
// which no document has, so give a field that may be empty the option omitempty.
func (d ReferenceDefinition) MustExist() ReferenceDefinition {
	d.reference.MustExist = true
	return d
}

// check refuses what does not make sense, also for the type of the documents.
func (d ReferenceDefinition) check(s *shape) error {
	if d.problem != nil {
		return d.problem
	}
	for i := range fieldsOf(s.of) {
		field := s.of.Field(i)
		if name, skip := memberName(field); !skip && name == d.reference.Field && !holdsIDs(field.Type) {
			return fmt.Errorf("the reference %q → %q: %v can't hold ids; want string, *string or []string", d.reference.Field, d.parent, field.Type)
		}
	}
	return nil
}

// fieldsOf is the number of fields of a type; 0 if it is no struct.
func fieldsOf(t reflect.Type) int {
	if t.Kind() != reflect.Struct {
		return 0
	}
	return t.NumField()
}

// holdsIDs reports whether values of the type are ids, or arrays of ids.
func holdsIDs(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t.Kind() == reflect.String
}

// refTag reads the options of the word "ref:users" of a tag.
func (p *inspection) refTag(field reflect.StructField, options, path string, refuse func(string, ...any) error) error {
	parent, rest, _ := strings.Cut(options, ",")
	d := Reference(path, parent)
	for option := range strings.SplitSeq(rest, ",") {
		policy, isPolicy := strings.CutPrefix(option, "on_delete:")
		switch {
		case isPolicy:
			d = d.OnDelete(OnDelete(strings.ReplaceAll(policy, "-", "_")))
		case option == "must_exist":
			d = d.MustExist()
		case option != "" || rest != "":
			return refuse("the option %q is unknown; want on_delete:restrict, on_delete:cascade, on_delete:set_null or must_exist", option)
		}
	}
	switch {
	case parent == "":
		return refuse("it names no collection; want ref:users, say")
	case d.problem != nil:
		return refuse("%s", d.problem)
	case !holdsIDs(field.Type):
		return refuse("%v can't hold ids; want string, *string or []string", field.Type)
	}
	p.references = append(p.references, d)
	return nil
}

// indexesFor answers the indexes that references need and nobody declared.
func indexesFor(references []ReferenceDefinition, declared []index.Definition) (more []index.Definition) {
	for _, d := range references {
		serves := func(x index.Definition) bool {
			return len(x.Fields) > 0 && x.Fields[0].Path == d.reference.Field && !x.Fields[0].Time
		}
		if !slices.ContainsFunc(declared, serves) && !slices.ContainsFunc(more, serves) {
			field := index.Field{Path: d.reference.Field}
			more = append(more, index.Definition{Name: "by_" + field.Path, Fields: []index.Field{field}, Optional: true})
		}
	}
	return more
}

// ReferenceError is the cause of an ErrConstraint: documents that refer to one
// which is to be deleted do not let that happen.
type ReferenceError struct {
	Collection string // of the document that can't be deleted
	ID         string
	Child      string   // the collection of the documents that refer to it
	Field      string   // the member that does
	IDs        []string // some of them
}

// Error names both sides.
func (e *ReferenceError) Error() string {
	return fmt.Sprintf("document %q of %q is referred to by %q of %d or more documents of %q: %s",
		e.ID, e.Collection, e.Field, len(e.IDs), e.Child, strings.Join(e.IDs, ", "))
}

// MissingReferenceError is the cause of an ErrConstraint: a document refers to
// one that is not there, in a field with the option must_exist.
type MissingReferenceError struct {
	Field      string // the member that refers
	Collection string // of what it refers to
	ID         string
}

// Error names what is missing.
func (e *MissingReferenceError) Error() string {
	return fmt.Sprintf("the field %q refers to document %q of %q, which does not exist", e.Field, e.ID, e.Collection)
}
