package core

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
)

// Create stores a new document; ErrExists if there is one under that id. With
// an empty id, the field tagged as id names it, and if that is empty, too, a new
// UUID of version 7. The value that is passed in stays as it is; the answer holds the
// document as it was stored. One request.
func (c *Collection[T]) Create(ctx context.Context, id string, value T) (doc Document[T], err error) {
	if id, err = c.chooseID("create", id, &value, true); err != nil {
		return doc, err
	}
	return c.modify(ctx, id, &change{
		op: "create", expectation: expectation{absent: true},
		build: func([]byte) ([]byte, error) {
			c.stamp(&value, id, true)
			return c.encode(value)
		},
	})
}

// Put stores the value as the document, whether there is one or not. Members
// of the stored document that T does not know stay. Two requests; one with a
// revision from the last minute.
func (c *Collection[T]) Put(ctx context.Context, id string, value T, options ...WriteOption) (doc Document[T], err error) {
	if id, err = c.chooseID("put", id, &value, false); err != nil {
		return doc, err
	}
	want, err := expect(options)
	if err != nil {
		return doc, invalid("put", c.docs.name, id, "%w", err)
	}
	return c.modify(ctx, id, &change{
		op: "put", expectation: want, replaces: true,
		build: func(base []byte) ([]byte, error) {
			next := value
			c.keepCreated(&next, base)
			c.stamp(&next, id, base == nil)
			return c.merge(base, next)
		},
	})
}

// Update reads the document, lets fn change it, and writes it back if nobody
// else wrote in between; otherwise all of that again, so fn may run several
// times and should do nothing but change the value. An error of fn ends the
// update and comes back as it is. Members that T does not know, and values
// that fn leaves alone, stay letter by letter. If fn changes nothing, nothing
// is written. ErrNotFound if there is no document. Two requests.
func (c *Collection[T]) Update(ctx context.Context, id string, fn func(value *T) error, options ...WriteOption) (doc Document[T], err error) {
	want, err := expect(options)
	if err != nil {
		return doc, invalid("update", c.docs.name, id, "%w", err)
	}
	if want.absent {
		return doc, invalid("change", c.docs.name, id, "IfAbsent makes no sense for a change of what is there")
	}
	want.present = true
	return c.modify(ctx, id, &change{op: "update", expectation: want, build: func(base []byte) ([]byte, error) {
		return c.updated(id, base, fn)
	}})
}

func (c *Collection[T]) updated(id string, base []byte, fn func(value *T) error) ([]byte, error) {
	value, before, err := c.reencode(id, base)
	if err != nil {
		return nil, userError{decodeFail("update", c.docs.name, id, base, err)}
	}
	if err := fn(&value); err != nil {
		return nil, userError{err}
	}
	if own := c.idOf(&value); own != "" && own != id {
		return nil, userError{invalid("update", c.docs.name, id, "the function changed the id to %q", own)}
	}
	c.setID(&value, id)
	after, err := c.encode(value)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(before, after) {
		return nil, errKeep
	}
	if c.shape.updated != nil {
		c.stamp(&value, id, false)
		if after, err = c.encode(value); err != nil {
			return nil, err
		}
	}
	if c.isRaw() {
		return after, nil
	}
	return rawjson.Merge(base, before, after), nil
}

// Patch applies a JSON merge patch (RFC 7386): members of the patch replace
// those of the document, null removes one, objects are merged. The patch is
// JSON text, or any value that encodes to an object. ErrNotFound if there is
// no document. Two requests.
func (c *Collection[T]) Patch(ctx context.Context, id string, patch any, options ...WriteOption) (doc Document[T], err error) {
	want, err := expect(options)
	if err != nil {
		return doc, invalid("patch", c.docs.name, id, "%w", err)
	}
	text, err := c.docs.patchText(id, patch)
	if err != nil {
		return doc, err
	}
	if want.absent {
		return doc, invalid("change", c.docs.name, id, "IfAbsent makes no sense for a change of what is there")
	}
	want.present = true
	return c.modify(ctx, id, &change{op: "patch", expectation: want, build: func(base []byte) ([]byte, error) {
		next := rawjson.Patch(base, text)
		if bytes.Equal(base, next) {
			return nil, errKeep
		}
		var value T
		if err := c.codec.Unmarshal(next, &value); err != nil {
			return nil, userError{invalid("patch", c.docs.name, id, "the patched document does not fit its type: %w", err)}
		}
		if own := c.idOf(&value); own != id && (own != "" || c.holdsID(base)) {
			return nil, userError{invalid("patch", c.docs.name, id, "the patch changes the id to %q", own)}
		}
		if c.shape.updated == nil {
			return next, nil
		}
		before, err := c.encode(value)
		if err != nil {
			return nil, err
		}
		c.touch(&value)
		after, err := c.encode(value)
		return rawjson.Merge(next, before, after), err
	}})
}

// holdsID reports whether stored members have the id among them. Those that
// were put there by other means may not.
func (c *Collection[T]) holdsID(members []byte) bool {
	var value T
	return c.shape.id != nil && c.codec.Unmarshal(members, &value) == nil && c.idOf(&value) != ""
}

// Delete removes the document; nil if there is none. Two requests, unless other
// documents may refer to it: see Reference.
func (c *Collection[T]) Delete(ctx context.Context, id string, options ...WriteOption) error {
	return c.docs.remove(ctx, c.tx, id, options)
}

func (c *Collection[T]) modify(ctx context.Context, id string, wish *change) (doc Document[T], err error) {
	ctx, end := c.docs.operation(ctx, wish.op, id)
	defer func() { end(1, err) }()
	build := wish.build
	wish.build = func(base []byte) ([]byte, error) {
		members, err := build(base)
		if err != nil {
			return nil, err
		}
		// What can't be read back must not be stored.
		var none T
		if doc.Value = none; c.codec.Unmarshal(members, &doc.Value) != nil {
			return nil, userError{invalid(wish.op, c.docs.name, id, "the value, once encoded, can't be decoded as a %T: %s", none, members)}
		}
		return members, nil
	}
	written, err := c.tx.modify(ctx, c.docs, id, wish)
	if err != nil {
		return Document[T]{}, err
	}
	if written.kept {
		return c.decode(wish.op, &written)
	}
	c.setID(&doc.Value, id)
	doc.ID, doc.Revision = id, written.public(c.docs)
	return doc, nil
}

// chooseID finds the id among the argument and the tagged field.
func (c *Collection[T]) chooseID(op, id string, value *T, generate bool) (string, error) {
	own := c.idOf(value)
	switch {
	case id == "":
		id = own
	case own != "" && own != id:
		return "", invalid(op, c.docs.name, id, "the value's own id is %q", own)
	}
	if id == "" && generate {
		id = newID(c.docs.db.options.Clock, c.docs.db.options.Random)
	}
	return id, nil
}

// stamp fills in what struct tags ask for.
func (c *Collection[T]) stamp(value *T, id string, creating bool) {
	c.setID(value, id)
	c.touch(value)
	if c.shape.created != nil && creating {
		if field := fieldAt(reflect.ValueOf(value).Elem(), c.shape.created); field.IsZero() {
			field.Set(c.now())
		}
	}
}

// touch sets the time of the last change, if a field is tagged for it.
func (c *Collection[T]) touch(value *T) {
	if c.shape.updated != nil {
		fieldAt(reflect.ValueOf(value).Elem(), c.shape.updated).Set(c.now())
	}
}

func (c *Collection[T]) now() reflect.Value {
	return reflect.ValueOf(c.docs.db.options.Clock.Now().UTC().Truncate(time.Microsecond))
}

// keepCreated carries the time of creation over a Put of a value without one.
func (c *Collection[T]) keepCreated(value *T, base []byte) {
	if c.shape.created == nil || base == nil {
		return
	}
	field := fieldAt(reflect.ValueOf(value).Elem(), c.shape.created)
	var old T
	if field.IsZero() && c.codec.Unmarshal(base, &old) == nil {
		field.Set(fieldAt(reflect.ValueOf(&old).Elem(), c.shape.created))
	}
}

// isRaw reports whether values of T are JSON text, which is stored as it is.
func (c *Collection[T]) isRaw() bool { return c.shape.of == rawType }

// encode makes the user's members of a value.
// A marshaler of *T counts, too.
func (c *Collection[T]) encode(value T) ([]byte, error) { return encodeMembers(c.codec, &value) }

// encodeMembers encodes a value that must be a JSON object without reserved
// members.
func encodeMembers(codec interface{ Marshal(any) ([]byte, error) }, value any) ([]byte, error) {
	var members []byte
	if raw, ok := rawText(value); ok {
		members = bytes.Clone(raw)
	} else {
		encoded, err := codec.Marshal(value)
		if err != nil {
			return nil, userError{&Error{Op: opEncode, Kind: ErrInvalid, Err: err}}
		}
		members = encoded
	}
	if err := document.CheckMembers(members); err != nil {
		return nil, userError{&Error{Op: opEncode, Kind: ErrInvalid, Err: fmt.Errorf("%w (of a %T)", err, value)}}
	}
	return document.Tidy(members), nil
}

// reencode decodes members, and encodes what the type kept of them.
func (c *Collection[T]) reencode(id string, members []byte) (value T, text []byte, err error) {
	if err := c.codec.Unmarshal(members, &value); err != nil {
		return value, nil, err
	}
	c.setID(&value, id)
	text, err = c.encode(value)
	return value, text, err
}

// merge encodes a value over the stored members, so that those it does not
// know stay. What can't be decoded is replaced.
func (c *Collection[T]) merge(base []byte, value T) ([]byte, error) {
	after, err := c.encode(value)
	if err != nil || base == nil || c.isRaw() {
		return after, err
	}
	_, before, err := c.reencode(c.idOf(&value), base)
	if err != nil {
		return after, nil
	}
	return rawjson.Merge(base, before, after), nil
}
