package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
)

// Free documents are reached by a key such as "configs/app" instead of a
// collection and an id. The two are the same thing: the part before the last
// slash is the collection, the rest the id, and writes through a key maintain
// the indexes of the collection.

// Get decodes the document under a key into the value that into points to;
// ErrNotFound if there is none. One request.
func (db *DB) Get(ctx context.Context, key string, into any) (Revision, error) {
	return db.getKey(ctx, nil, key, into)
}

func (db *DB) getKey(ctx context.Context, tx *Tx, key string, into any) (rev Revision, err error) {
	docs, id, err := db.locate("get", key)
	if err != nil {
		return rev, err
	}
	ctx, end := docs.operation(ctx, "get", id)
	defer func() { end(1, err) }()
	read, err := tx.get(ctx, docs, id)
	if err != nil {
		return rev, readFail("get", docs.name, id, err)
	}
	if err := db.options.Codec.Unmarshal(read.members, into); err != nil {
		return rev, decodeFail("get", docs.name, id, read.members, err)
	}
	return read.public(docs), nil
}

// Create stores a new document under a key; ErrExists if there is one. The
// value must encode to a JSON object. One request.
func (db *DB) Create(ctx context.Context, key string, value any) (Revision, error) {
	return db.storeKey(ctx, nil, "create", key, value, expectation{absent: true})
}

// Put stores the value under a key, whether there is a document or not.
// Members of the stored document that a struct does not know stay. Two
// requests; one with a revision from the last minute.
func (db *DB) Put(ctx context.Context, key string, value any, options ...WriteOption) (Revision, error) {
	return db.putKey(ctx, nil, key, value, options)
}

func (db *DB) putKey(ctx context.Context, tx *Tx, key string, value any, options []WriteOption) (Revision, error) {
	want, err := expect(options)
	if err != nil {
		return Revision{}, invalid("put", "", key, "%w", err)
	}
	return db.storeKey(ctx, tx, "put", key, value, want)
}

func (db *DB) storeKey(ctx context.Context, tx *Tx, op, key string, value any, want expectation) (Revision, error) {
	return db.modifyKey(ctx, tx, key, &change{op: op, expectation: want, replaces: true, build: func(base []byte) ([]byte, error) {
		after, err := encodeMembers(db.options.Codec, value)
		if err != nil || base == nil {
			return after, err
		}
		if _, raw := rawText(value); raw {
			return after, nil
		}
		return db.overlay(base, after, value), nil
	}})
}

// overlay carries the encoding of a value over the stored members.
func (db *DB) overlay(base, after []byte, value any) []byte {
	t := reflect.TypeOf(value)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	old := reflect.New(t).Interface()
	if db.options.Codec.Unmarshal(base, old) != nil {
		return after
	}
	before, err := encodeMembers(db.options.Codec, old)
	if err != nil {
		return after
	}
	return rawjson.Merge(base, before, after)
}

// Update decodes the document under a key into the value that into points to,
// lets fn change it, and writes it back if nobody else wrote in between;
// otherwise all of that again. into is set to its zero value before each run. See
// Collection.Update.
func (db *DB) Update(ctx context.Context, key string, into any, fn func() error, options ...WriteOption) (Revision, error) {
	return db.updateKey(ctx, nil, key, into, fn, options)
}

func (db *DB) updateKey(ctx context.Context, tx *Tx, key string, into any, fn func() error, options []WriteOption) (Revision, error) {
	want, err := expect(options)
	target := reflect.ValueOf(into)
	switch {
	case err != nil:
		return Revision{}, invalid("update", "", key, "%w", err)
	case target.Kind() != reflect.Pointer || target.IsNil():
		return Revision{}, invalid("update", "", key, "the value to decode into is a %T, not a pointer", into)
	}
	want.present = true
	return db.modifyKey(ctx, tx, key, &change{op: "update", expectation: want, build: func(base []byte) ([]byte, error) {
		return db.updated(base, target, fn)
	}})
}

func (db *DB) updated(base []byte, target reflect.Value, fn func() error) ([]byte, error) {
	target.Elem().SetZero()
	if err := db.options.Codec.Unmarshal(base, target.Interface()); err != nil {
		return nil, userError{&Error{Op: opEncode, Kind: ErrInvalid, Err: err}}
	}
	before, err := encodeMembers(db.options.Codec, target.Interface())
	if err != nil {
		return nil, err
	}
	if err := fn(); err != nil {
		return nil, userError{err}
	}
	after, err := encodeMembers(db.options.Codec, target.Interface())
	if err != nil {
		return nil, err
	}
	if string(before) == string(after) {
		return nil, errKeep
	}
	if _, raw := rawText(target.Interface()); raw {
		return after, nil
	}
	return rawjson.Merge(base, before, after), nil
}

// Patch applies a JSON merge patch to the document under a key; see
// Collection.Patch.
func (db *DB) Patch(ctx context.Context, key string, patch any, options ...WriteOption) (Revision, error) {
	return db.patchKey(ctx, nil, key, patch, options)
}

func (db *DB) patchKey(ctx context.Context, tx *Tx, key string, patch any, options []WriteOption) (Revision, error) {
	docs, id, err := db.locate("patch", key)
	if err != nil {
		return Revision{}, err
	}
	want, err := expect(options)
	if err != nil {
		return Revision{}, invalid("patch", docs.name, id, "%w", err)
	}
	text, err := docs.patchText(id, patch)
	if err != nil {
		return Revision{}, err
	}
	want.present = true
	return db.modifyKey(ctx, tx, key, &change{op: "patch", expectation: want, build: func(base []byte) ([]byte, error) {
		if next := rawjson.Patch(base, text); !bytes.Equal(base, next) {
			return next, nil
		}
		return nil, errKeep
	}})
}

// Delete removes the document under a key; nil if there is none. See
// Collection.Delete.
func (db *DB) Delete(ctx context.Context, key string, options ...WriteOption) error {
	return db.deleteKey(ctx, nil, key, options)
}

func (db *DB) deleteKey(ctx context.Context, tx *Tx, key string, options []WriteOption) error {
	docs, id, err := db.locate("delete", key)
	if err != nil {
		return err
	}
	return docs.remove(ctx, tx, id, options)
}

// Exists reports whether there is a document under a key. One request.
func (db *DB) Exists(ctx context.Context, key string) (bool, error) {
	return db.existsKey(ctx, nil, key)
}

func (db *DB) existsKey(ctx context.Context, tx *Tx, key string) (bool, error) {
	docs, id, err := db.locate("exists", key)
	if err != nil {
		return false, err
	}
	return docs.exists(ctx, tx, id)
}

// locate finds the collection and id that a key means.
func (db *DB) locate(op, key string) (*documents, string, error) {
	collection, id := layout.SplitKey(key)
	if collection != "" {
		if problem := layout.CheckCollection(collection); problem != "" {
			return nil, "", invalid(op, "", key, "%s", problem)
		}
	} else if id != "" && id[0] == '_' {
		return nil, "", invalid(op, "", key, "a key without a slash must not start with an underscore")
	}
	docs := db.documents(collection)
	return docs, id, docs.checkID(op, id)
}

func (db *DB) modifyKey(ctx context.Context, tx *Tx, key string, wish *change) (rev Revision, err error) {
	docs, id, err := db.locate(wish.op, key)
	if err != nil {
		return rev, err
	}
	ctx, end := docs.operation(ctx, wish.op, id)
	defer func() { end(1, err) }()
	written, err := tx.modify(ctx, docs, id, wish)
	if err != nil {
		return rev, err
	}
	return written.public(docs), nil
}

func (d *documents) exists(ctx context.Context, tx *Tx, id string) (found bool, err error) {
	ctx, end := d.operation(ctx, "exists", id)
	defer func() { end(0, err) }()
	if err := d.checkID("exists", id); err != nil {
		return false, err
	}
	_, err = tx.get(ctx, d, id)
	err = readFail("exists", d.name, id, err)
	if kindIs(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (d *documents) remove(ctx context.Context, tx *Tx, id string, options []WriteOption) (err error) {
	ctx, end := d.operation(ctx, "delete", id)
	defer func() { end(0, err) }()
	want, err := expect(options)
	if err != nil {
		return invalid("delete", d.name, id, "%w", err)
	}
	if want.absent {
		return invalid("delete", d.name, id, "IfAbsent makes no sense for a delete")
	}
	want.present = true
	err = d.delete(ctx, tx, id, want)
	if kindIs(err, ErrNotFound) {
		return nil
	}
	return err
}

// patchText makes the JSON text of a patch and refuses one that is not an
// object, or that would touch reserved members.
func (d *documents) patchText(id string, patch any) ([]byte, error) {
	text, ok := rawText(patch)
	if s, isString := patch.(string); isString {
		text, ok = []byte(s), true
	}
	if !ok {
		var err error
		if text, err = d.db.options.Codec.Marshal(patch); err != nil {
			return nil, invalid("patch", d.name, id, "encode the patch: %w", err)
		}
	}
	if _, err := encodeMembers(d.db.options.Codec, json.RawMessage(text)); err != nil {
		return nil, invalid("patch", d.name, id, "the patch: %w", err)
	}
	return text, nil
}

// rawText answers the JSON text that a value is, if it is one.
func rawText(value any) ([]byte, bool) {
	switch text := value.(type) {
	case json.RawMessage:
		return text, true
	case *json.RawMessage:
		if text == nil {
			return nil, true
		}
		return *text, true
	case []byte:
		return text, true
	default:
		return nil, false
	}
}

func kindIs(err, kind error) bool {
	var e *Error
	return errors.As(err, &e) && errors.Is(e.Kind, kind)
}
