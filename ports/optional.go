package ports

import (
	"context"
	"io"
)

// Unwrapper is implemented by decorators; Unwrap returns what they decorate.
// A decorator that changes bytes, keys or outcomes (encryption, prefix, fault
// injection) MUST NOT expose through it an optional interface that would go
// past the change: it implements that interface itself, or hides it by not
// implementing Unwrapper. [OS-UNW-1] What As finds through a decorator MUST act
// on the same objects, under the same keys, as the decorator itself.
type Unwrapper interface {
	Unwrap() any
}

// As finds an optional interface on v or on what it decorates, outermost
// first.
func As[T any](v any) (found T, ok bool) {
	for v != nil {
		if found, ok = v.(T); ok {
			return found, true
		}
		u, decorated := v.(Unwrapper)
		if !decorated {
			break
		}
		v = u.Unwrap()
	}
	return found, false
}

// Streamer is implemented by stores that move objects of any size in constant
// memory.
type Streamer interface {
	// GetStream is Get with a reader instead of bytes. The caller closes it.
	// [OS-STR-1] What is read MUST be one state of the object even if it is
	// replaced or deleted meanwhile, or the read MUST fail; a reader never
	// ends early without an error.
	GetStream(ctx context.Context, key string, opts GetOptions) (ObjectInfo, io.ReadCloser, error)

	// PutStream is Put with a reader of unknown length. [OS-STR-2] If the
	// reader fails, the old object MUST stay as it was and the error MUST be
	// ErrUnavailable and wrap the reader's. [OS-STR-3] The condition MUST be honoured as by Put, at the
	// moment the object becomes visible.
	PutStream(ctx context.Context, key string, body io.Reader, cond Condition) (ObjectInfo, error)
}

// BatchDeleter is implemented by stores that delete many objects in fewer
// requests than one each.
type BatchDeleter interface {
	// DeleteBatch deletes keys unconditionally. [OS-BDL-1] It MUST answer one
	// error a key, in the order of keys, nil for deleted or absent ones; its
	// own error says that nothing is known about any of them.
	DeleteBatch(ctx context.Context, keys []string) ([]error, error)
}

// Pinger is implemented by adapters that can check their connection without
// touching data.
type Pinger interface {
	// Ping answers nil if the service answers with these credentials.
	Ping(ctx context.Context) error
}
