package core

import (
	"context"
	"reflect"

	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/ports"
)

// Collection is a set of documents of one type, each under an id. It is safe
// for concurrent use. Collections of one name share their documents and
// indexes, whatever their types.
type Collection[T any] struct {
	docs  *documents
	shape *shape
	codec ports.Codec
	tx    *Tx // nil outside of transactions
}

// Document is a document with its id and revision.
type Document[T any] struct {
	ID       string
	Revision Revision
	Value    T
}

// NewCollection opens a collection: a name of one or more segments joined by
// "/". It declares the indexes that struct tags of T and the definitions name;
// those that are new are built in the background, and until they are ready
// queries read all documents instead.
//
// Struct tags: sb:"id" on a string field that holds the id (a field ID with the
// JSON name "id" is taken for it where none is tagged); sb:"index" with
// the options name:…, optional and desc; sb:"unique" with the options
// normalize:…, name:… and optional, see Unique; sb:"created" and sb:"updated" on
// time.Time fields; sb:"ref:users" on fields that hold ids, see Reference. A tag
// that makes no sense is refused with ErrInvalid.
func NewCollection[T any](ctx context.Context, db *DB, name string, definitions ...Definition) (*Collection[T], error) {
	if problem := layout.CheckCollection(name); problem != "" {
		return nil, invalid("open collection", name, "", "%s", problem)
	}
	if err := db.checkOpen("open collection", name, ""); err != nil {
		return nil, err
	}
	s, err := inspect(reflect.TypeFor[T]())
	if err != nil {
		return nil, invalid("open collection", name, "", "%w", err)
	}
	c := &Collection[T]{docs: db.documents(name), shape: s, codec: db.options.Codec}
	declared, err := c.declaration(definitions)
	if err != nil {
		return nil, invalid("open collection", name, "", "%w", err)
	}
	if err := c.docs.holder.DeclareUnique(ctx, declared.unique); err != nil {
		return nil, readFail("open collection", name, "", err)
	}
	if err := c.docs.holder.Declare(ctx, declared.indexes); err != nil {
		return nil, readFail("open collection", name, "", err)
	}
	if err := c.docs.declareReferences(ctx, declared.references); err != nil {
		return nil, readFail("open collection", name, "", err)
	}
	return c, nil
}

// Name is the name of the collection.
func (c *Collection[T]) Name() string { return c.docs.name }

// DB is the database that the collection is part of.
func (c *Collection[T]) DB() *DB { return c.docs.db }

// HasID reports whether T has a field that holds the id.
func (c *Collection[T]) HasID() bool { return c.shape.id != nil }

// WaitReady waits until all indexes and unique constraints of the collection are
// ready, and until every program honours the references of the collection that
// this one was the first to declare. It answers an error if that won't come by itself: ErrConstraint with a
// *DuplicateValuesError as its cause if documents have values that a constraint
// forbids.
func (c *Collection[T]) WaitReady(ctx context.Context) error {
	err := c.docs.notReady(c.docs.holder.WaitReady(ctx))
	if err == nil {
		err = c.docs.waitHonoured(ctx)
	}
	return readFail("wait for indexes", c.docs.name, "", err)
}

// Get reads a document; ErrNotFound if there is none. One request.
func (c *Collection[T]) Get(ctx context.Context, id string) (doc Document[T], err error) {
	ctx, end := c.docs.operation(ctx, "get", id)
	defer func() { end(1, err) }()
	if err := c.docs.checkID("get", id); err != nil {
		return doc, err
	}
	read, err := c.tx.get(ctx, c.docs, id)
	if err != nil {
		return doc, readFail("get", c.docs.name, id, err)
	}
	return c.decode("get", &read)
}

// Exists reports whether there is a document under the id. One request.
func (c *Collection[T]) Exists(ctx context.Context, id string) (bool, error) {
	return c.docs.exists(ctx, c.tx, id)
}

// decode makes the public form of what was read or written.
func (c *Collection[T]) decode(op string, read *current) (doc Document[T], err error) {
	if err := c.codec.Unmarshal(read.members, &doc.Value); err != nil {
		return Document[T]{}, decodeFail(op, c.docs.name, read.id, read.members, err)
	}
	c.setID(&doc.Value, read.id)
	doc.ID, doc.Revision = read.id, read.public(c.docs)
	return doc, nil
}

// decodeFail tells broken JSON from JSON that does not fit the type.
func decodeFail(op, collection, id string, members []byte, cause error) error {
	if broken := rawjson.CheckObject(members); broken != nil {
		return &Error{Op: op, Collection: collection, ID: id, Kind: ErrCorrupt, Err: broken}
	}
	return &Error{Op: op, Collection: collection, ID: id, Kind: ErrInvalid, Err: cause}
}

// setID fills the id into the field that is tagged for it.
func (c *Collection[T]) setID(value *T, id string) {
	if c.shape.id != nil {
		fieldAt(reflect.ValueOf(value).Elem(), c.shape.id).SetString(id)
	}
}

// idOf reads it; empty if no field is tagged.
func (c *Collection[T]) idOf(value *T) string {
	if c.shape.id == nil {
		return ""
	}
	return fieldAt(reflect.ValueOf(value).Elem(), c.shape.id).String()
}

// fieldAt is reflect.Value.FieldByIndex, making embedded pointers that are
// nil.
func fieldAt(v reflect.Value, at []int) reflect.Value {
	for _, i := range at {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(i)
	}
	return v
}
