package ports

import (
	"context"
	"iter"
)

// ObjectStore is a flat map from keys to immutable byte strings, with an
// atomic compare-and-swap on each key. It is the truth of the database.
//
// Atomicity: [OS-ATM-1] Put replaces an object as a whole: no Get, whether
// concurrent or after a crash of the writer, MUST ever see a part of it, a
// mixture, or nothing in between. [OS-ATM-2] Of any number of concurrent writes on one key with a
// condition that only one of them can satisfy, exactly one MUST succeed.
//
// Consistency: [OS-CON-1] after a write has returned, every Get, Stat and
// List that starts later, in any process, MUST see it.
//
// Cancellation: [OS-CTX-1] a call whose context is done before it starts MUST
// change nothing and answer an error matching ctx.Err(). [OS-CTX-2] A Put or
// Delete whose context ends after the request was sent MUST answer ErrUnknown
// unless its outcome is known; it MUST NOT start to take effect in this
// process after the context has ended.
//
// Close: where the adapter is an io.Closer, [OS-CLS-1] every call after Close
// MUST answer ErrClosed, and a second Close MUST answer nil.
//
// Keys: [OS-KEY-2] every key that ValidateKey accepts, and that has at most
// Capabilities.MaxKeyBytes bytes, MUST be usable, a longer one MUST be refused
// with ErrInvalidKey, and
// different keys MUST name different objects, whatever their case, Unicode
// form or likeness to names that the adapter uses itself. [OS-KEY-3] Where
// Capabilities.NestedKeys is true, "a" and "a/b" MUST be able to exist side by
// side; where it is false, the second one MUST be refused with
// ErrUnsupported, and the first one MUST stay as it was.
//
// Errors: [OS-ERR-1] every failure MUST be an *Error that names the operation
// and the key.
//
// Concurrency: [OS-RAC-1] all methods MUST be safe for concurrent use.
type ObjectStore interface {
	// Get returns the bytes, version and size of an object. [OS-GET-1] An
	// absent key MUST answer ErrNotFound. [OS-GET-2] The answer MUST be one
	// state: bytes, version and size that belong together. [OS-GET-3] With
	// IfNoneMatch equal to the current version it MUST answer ErrNotModified,
	// with any other one the object. [OS-GET-4] With a Range it MUST return
	// exactly those bytes, cut at the end of the object, and Size of the
	// whole; a range that is negative or starts at or beyond the end MUST
	// answer ErrInvalidKey. [OS-GET-5] The slice MUST be the caller's own: not
	// shared with the store or another call. An empty object gives an empty
	// slice, not an error.
	Get(ctx context.Context, key string, opts GetOptions) (Object, error)

	// Put stores data as the whole object, if cond holds at that moment, and
	// returns the version that this write made. [OS-PUT-1] After it a Get MUST
	// return exactly these bytes; nil and empty data make an object of 0
	// bytes. [OS-PUT-2] IfAbsent MUST answer ErrPrecondition where an object
	// exists. [OS-PUT-3] IfVersion MUST answer ErrPrecondition on another
	// version and where no object exists. [OS-PUT-4] A Put that answers
	// ErrPrecondition, ErrBusy or ErrUnavailable MUST have changed nothing.
	// [OS-PUT-5] The store MUST NOT keep or change data after it returned.
	// [OS-PUT-6] An object greater than Capabilities.MaxObjectSize MUST be
	// refused with ErrTooLarge.
	Put(ctx context.Context, key string, data []byte, cond Condition) (Version, error)

	// Delete removes the object, if cond holds. [OS-DEL-1] Deleting an absent
	// key with Any MUST answer nil. [OS-DEL-2] Where
	// Capabilities.ConditionalDelete is true, IfVersion MUST answer
	// ErrPrecondition on another version and where no object exists, and
	// change nothing; where it is false, every condition but Any MUST answer
	// ErrUnsupported and change nothing. [OS-DEL-3] IfAbsent MUST be refused
	// with ErrUnsupported. [OS-DEL-4] After it Get and Stat MUST answer
	// ErrNotFound, and List MUST leave the key out.
	Delete(ctx context.Context, key string, cond Condition) error

	// Stat returns what Get would, without the bytes. [OS-STA-1] An absent key
	// MUST answer ErrNotFound. [OS-STA-2] Key, version and size MUST be those
	// that Get returns.
	Stat(ctx context.Context, key string) (ObjectInfo, error)

	// List yields the objects that opts selects. [OS-LST-1] It MUST yield them
	// in ascending byte order of their keys, each key at most once, [OS-LST-2]
	// exactly those whose key has the byte prefix Prefix, is greater than
	// StartAfter and less than EndBefore, at most Limit of them. [OS-LST-3]
	// Without KeysOnly, version and size MUST be those that Get returns.
	// [OS-LST-4] An object that exists from before the call until its place in
	// the order is reached MUST be yielded; one that never existed in that time
	// MUST NOT; changes during the walk MAY be seen or not.
	// [OS-LST-5] A failure MUST be yielded as the error of the last pair, never
	// swallowed; a loop that is left early MUST leave no goroutine behind.
	// An object that can't be examined (no permission) is yielded with its Key
	// and no error, or as a failure; it MUST NOT be left out.
	// The sequence can be walked more than once; each walk is a new listing.
	List(ctx context.Context, opts ListOptions) iter.Seq2[ObjectInfo, error]

	// Capabilities says what this store can do. [OS-CAP-1] It MUST be constant
	// for the life of the store, and true: what is claimed works, what is not
	// claimed answers ErrUnsupported. [OS-CAP-2] A decorator MUST answer with
	// the capabilities that hold above it.
	Capabilities() Capabilities
}

// Capabilities are facts about a store, for those who plan with them. What
// must be right does not rest on them alone: core probes.
type Capabilities struct {
	// Name is the kind of store for messages, such as "file", "s3", "memory".
	Name string

	// ConditionalDelete: Delete honours IfVersion. False on MinIO and R2.
	ConditionalDelete bool

	// UniqueVersions: a version never recurs, even for the same bytes. False
	// where it is a hash of the content (S3, MinIO).
	UniqueVersions bool

	// LateWrites: a request may take effect after its caller gave up. True for
	// every store behind a network.
	LateWrites bool

	// NestedKeys: "a" and "a/b" can exist side by side.
	NestedKeys bool

	// MaxObjectSize is the greatest size of a Put in bytes; 0: no limit known.
	MaxObjectSize int64

	// MaxKeyBytes is the greatest length of a key, where it is less than the
	// constant of that name; 0: it is that.
	MaxKeyBytes int
}
