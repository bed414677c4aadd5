package ports

import (
	"context"
	"errors"
	"strconv"
	"strings"
)

// The outcomes of a call. Each failure of an adapter matches exactly one of
// them under errors.Is, or the error of its context, or none: an error that
// matches none of them is treated as ErrUnavailable for reads and as
// ErrUnknown for writes.
var (
	// ErrNotFound: the object, lease or counter does not exist.
	ErrNotFound = errors.New("not found")

	// ErrNotModified: a Get with IfNoneMatch found that very version.
	ErrNotModified = errors.New("not modified")

	// ErrPrecondition: decided against the caller. The condition did not hold
	// and nothing was changed (S3: 412, and 404 on If-Match).
	ErrPrecondition = errors.New("precondition failed")

	// ErrBusy: nothing was decided and nothing was changed; the same request
	// may succeed in a moment (S3: 409 ConditionalRequestConflict, 429, 503 SlowDown).
	ErrBusy = errors.New("busy")

	// ErrUnavailable: the service can't be reached or can't do it now (not
	// connected, disk full), and nothing was changed.
	ErrUnavailable = errors.New("unavailable")

	// ErrUnknown: the write was sent and its answer did not arrive (timeout,
	// reset, a server error after the body was sent). It may have taken
	// effect, or may still do so where Capabilities.LateWrites is true.
	ErrUnknown = errors.New("outcome unknown")

	// ErrStale: the index is not in the regime that the caller named, so its
	// content proves nothing; nothing was changed.
	ErrStale = errors.New("stale index regime")

	// ErrLost: the lease is no longer held.
	ErrLost = errors.New("lease lost")

	// ErrInvalidKey: the key, space, name or argument can't be used.
	ErrInvalidKey = errors.New("invalid key")

	// ErrPermission: the service refused these credentials.
	ErrPermission = errors.New("permission denied")

	// ErrTooLarge: the object or entry exceeds a limit of the service.
	ErrTooLarge = errors.New("too large")

	// ErrUnsupported: this adapter can't do that, ever; see Capabilities.
	ErrUnsupported = errors.New("unsupported")

	// ErrCorrupt: what is stored can't be what was written (failed checksum,
	// failed authentication, impossible format).
	ErrCorrupt = errors.New("corrupt")

	// ErrClosed: the adapter was closed.
	ErrClosed = errors.New("closed")
)

// Error is what adapters return: one outcome, wrapped once, with the
// operation and the key that it was about. It matches its Kind and its cause
// under errors.Is and errors.As.
type Error struct {
	Op   string // what was being done: "put", "list", "begin"
	Key  string // the object key, index space or lock name; may be empty
	Kind error  // one of the outcomes above, or context.Canceled or DeadlineExceeded
	Err  error  // the cause, or nil
}

// Fail builds an *Error; cause may be nil.
func Fail(op, key string, kind, cause error) error {
	return &Error{Op: op, Key: key, Kind: kind, Err: cause}
}

// ContextDone returns nil while ctx goes on, and otherwise the *Error with
// which a call answers that found its context done before it did anything.
func ContextDone(ctx context.Context, op, key string) error {
	if err := ctx.Err(); err != nil {
		return &Error{Op: op, Key: key, Kind: err, Err: context.Cause(ctx)}
	}
	return nil
}

// Error says what was being done, why it failed and, last, with which key.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	if e.Kind != nil {
		b.WriteString(e.Kind.Error())
	}
	if e.Err != nil && e.Err != e.Kind {
		if e.Kind != nil {
			b.WriteString(": ")
		}
		b.WriteString(e.Err.Error())
	}
	if e.Key != "" {
		b.WriteString(": ")
		b.WriteString(strconv.Quote(e.Key))
	}
	return b.String()
}

// Unwrap makes the error match both its outcome and its cause.
func (e *Error) Unwrap() []error {
	errs := make([]error, 0, 2)
	if e.Kind != nil {
		errs = append(errs, e.Kind)
	}
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	return errs
}
