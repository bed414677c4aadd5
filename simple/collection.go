package simple

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/smarterbase/smarterbase/core"
)

// Collection is a set of documents of one struct type. It is safe for
// concurrent use, and any number of collections may have one name: they share
// the documents.
type Collection[T any] struct {
	core *core.Collection[T]
}

// NewCollection opens a collection; one that has no documents needs no making.
// Without a name it is called as the type, in the plural and in snake_case:
// users for User, order_items for OrderItem, people for Person.
//
// T is a struct with a string field for the id, tagged sb:"id", or named ID
// with the tag json:"id". Other tags: sb:"index" on fields to find documents
// by, with the options name:…, optional and desc; sb:"unique" for values that no
// two documents may have, with the options normalize:email, optional and name:…;
// sb:"ref:users,on_delete:cascade" for ids of documents in another collection, or
// restrict, or set_null; sb:"created" and sb:"updated" on time.Time fields.
// Several are joined by a semicolon. A new index is built in the background; until it is
// ready, queries read all documents.
//
// A type or name that can't be used is refused with core.ErrInvalid.
func NewCollection[T any](ctx context.Context, db *DB, name ...string) (*Collection[T], error) {
	const op = "open collection"
	if db == nil {
		return nil, invalid(op, "", errors.New("the database is nil"))
	}
	t := reflect.TypeFor[T]()
	chosen, err := collectionName(t, name)
	if err != nil {
		return nil, invalid(op, "", err)
	}
	if t.Kind() != reflect.Struct {
		return nil, invalid(op, chosen, fmt.Errorf("type %v has no id field; package core has collections of such types", t))
	}
	c, err := core.NewCollection[T](ctx, db.core, chosen)
	if err != nil {
		return nil, err
	}
	if !c.HasID() {
		return nil, invalid(op, chosen, fmt.Errorf(`type %v has no id: tag a string field with sb:"id", or name it ID with the tag json:"id"`, t))
	}
	return &Collection[T]{core: c}, nil
}

// Name is the name of the collection.
func (c *Collection[T]) Name() string { return c.core.Name() }

// Core is the collection underneath, with revisions, batches, conditions on
// writes, and streams.
func (c *Collection[T]) Core() *core.Collection[T] { return c.core }

// Create stores a new document, under a new id if the value has none, and
// returns it as it was stored. The value that is passed in stays as it is.
// core.ErrExists if there is a document under that id.
func (c *Collection[T]) Create(ctx context.Context, value T) (T, error) {
	return valueOf(c.core.Create(ctx, "", value))
}

// Get returns the document; core.ErrNotFound if there is none.
func (c *Collection[T]) Get(ctx context.Context, id string) (T, error) {
	return valueOf(c.core.Get(ctx, id))
}

// Put stores the value under its id, whether there is a document or not.
// Members of the stored document that T does not know stay. It returns the
// document as it was stored.
func (c *Collection[T]) Put(ctx context.Context, value T) (T, error) {
	return valueOf(c.core.Put(ctx, "", value))
}

// Update reads the document, lets fn change it, and writes it back if nobody
// else wrote in between; otherwise all of that again, so fn may run several
// times and should do nothing but change the value. An error of fn ends the
// update and comes back as it is. It returns the document as it was stored;
// core.ErrNotFound if there is none.
func (c *Collection[T]) Update(ctx context.Context, id string, fn func(value *T) error) (T, error) {
	return valueOf(c.core.Update(ctx, id, fn))
}

// Patch applies a JSON merge patch (RFC 7386), which is JSON text, or a value
// that encodes to an object, such as a map: its members replace those of the
// document, null removes one. It returns the document as it was stored;
// core.ErrNotFound if there is none.
func (c *Collection[T]) Patch(ctx context.Context, id string, patch any) (T, error) {
	return valueOf(c.core.Patch(ctx, id, patch))
}

// Delete removes the document; nil if there is none.
func (c *Collection[T]) Delete(ctx context.Context, id string) error {
	return c.core.Delete(ctx, id)
}

// Exists reports whether there is a document under the id.
func (c *Collection[T]) Exists(ctx context.Context, id string) (bool, error) {
	return c.core.Exists(ctx, id)
}

// valueOf takes the value out of what core answers.
func valueOf[T any](doc core.Document[T], err error) (T, error) { return doc.Value, err }
