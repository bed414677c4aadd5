package s3

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// On a server where Facts.Nesting is NestingHidden, "a/b" beside "a" would be
// in no list. Put looks at the neighbours of a key before it makes an object,
// unless the key is plain.

// maxExtensionBytes is the length of what counts as an extension.
const maxExtensionBytes = 16

// mayNest is false for plain keys: the last segment has an extension and no
// other one has. Two plain keys are never the folder of each other, and core
// makes few others.
func mayNest(key string) bool {
	segments := strings.Split(key, "/")
	last := len(segments) - 1
	return !hasExtension(segments[last]) || slices.ContainsFunc(segments[:last], hasExtension)
}

// hasExtension reports whether s ends in a dot and 1 to 16 ASCII letters or
// digits, with something before the dot.
func hasExtension(s string) bool {
	for i := len(s) - 1; i > 0 && i >= len(s)-1-maxExtensionBytes; i-- {
		c := s[i]
		switch {
		case c == '.':
			return i < len(s)-1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return false
}

// refuseNested answers ErrUnsupported if key is the folder of an object or has
// one as a folder.
func (b *bucket) refuseNested(ctx context.Context, key string) error {
	nested, err := b.nested(ctx, key)
	if err == nil && nested {
		err = ports.Fail("put", key, ports.ErrUnsupported, errNested)
	}
	return err
}

// nested looks for an object that key is the folder of, and for one in each
// folder's place.
func (b *bucket) nested(ctx context.Context, key string) (bool, error) {
	for i := range len(key) {
		if key[i] != '/' {
			continue
		}
		_, err := b.stat(ctx, "put", key[:i])
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, ports.ErrNotFound) {
			return false, rename(err, "put", key)
		}
	}
	page := page{}
	err := b.fetch(ctx, &page, request{prefix: key + "/", limit: 1})
	return len(page.infos) > 0, rename(err, "put", key)
}

// settleNested turns the answer of a file-backed server that a key nests into
// ErrUnsupported or, if no such object is there, ErrBusy: such servers also
// answer so while folders come and go below racing writers.
func (b *bucket) settleNested(ctx context.Context, key string, failure error) error {
	if !errors.Is(failure, errNested) {
		return failure
	}
	kind := ports.ErrBusy
	if nested, err := b.nested(ctx, key); err == nil && nested {
		kind = ports.ErrUnsupported
	}
	return ports.Fail("put", key, kind, causeOf(failure))
}

func causeOf(err error) error {
	if failure, ok := errors.AsType[*ports.Error](err); ok {
		return failure.Err
	}
	return err
}

// rename says what the caller was doing.
func rename(err error, op, key string) error {
	if failure, ok := errors.AsType[*ports.Error](err); ok {
		return ports.Fail(op, key, failure.Kind, failure.Err)
	}
	return err
}
