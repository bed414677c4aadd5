package core

import (
	"errors"
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
)

// The kinds of failure, each of which asks something else of the caller.
// Match them with errors.Is; the end of a context matches context.Canceled or
// context.DeadlineExceeded instead.
var (
	// ErrNotFound: there is no such document.
	ErrNotFound = errors.New("not found")

	// ErrExists: a create met a document under that id. Nothing was changed.
	ErrExists = errors.New("already exists")

	// ErrConflict: the document is not, or no longer, in the state that the
	// write asked for. Nothing was changed: read again and retry.
	ErrConflict = errors.New("conflict")

	// ErrConstraint: a unique value or a reference forbids the write. Nothing was
	// changed; the cause says which document stands in the way.
	ErrConstraint = errors.New("constraint violated")

	// ErrUnavailable: the store or the index does not serve this now, after
	// retries. Nothing was changed: back off.
	ErrUnavailable = errors.New("unavailable")

	// ErrOutcomeUnknown: the write may have taken effect, or may still do so,
	// and it can't be told. Read, and decide.
	ErrOutcomeUnknown = errors.New("outcome unknown")

	// ErrInvalid: an argument, option, value or definition can't be used as it
	// is. Nothing was changed: fix the call or the data.
	ErrInvalid = errors.New("invalid")

	// ErrCorrupt: what is stored can't be read as a document. Put and Delete
	// replace it; nothing else touches it.
	ErrCorrupt = errors.New("corrupt")

	// ErrPermission: the store refused the credentials.
	ErrPermission = errors.New("permission denied")

	// ErrUnsupported: the store or this version of the library can't do that.
	ErrUnsupported = errors.New("unsupported")

	// ErrNotModified: a read that asked for anything but one version found that
	// version.
	ErrNotModified = errors.New("not modified")

	// ErrClosed: the database was closed.
	ErrClosed = errors.New("closed")
)

// Error is what the database returns: what was being done, with which
// document, and why it failed. It matches its Kind and its cause.
type Error struct {
	Op         string // "create", "get", "query", "open", …
	Collection string // empty for the database itself and for keys without a slash
	ID         string // of the document, the name of the blob, or empty
	Kind       error  // one of the kinds above, or the context's error
	Err        error  // the cause, or nil
}

// Error says what was being done and why it failed, with the document last.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	if e.Kind != nil {
		b.WriteString(": " + e.Kind.Error())
	}
	if cause := e.cause(); cause != "" {
		b.WriteString(": " + cause)
	}
	switch {
	case e.ID != "" && strings.HasSuffix(e.Op, blobOp):
		fmt.Fprintf(&b, ": blob %q", e.ID)
	case e.ID != "" && e.Collection != "":
		fmt.Fprintf(&b, ": document %q of %q", e.ID, e.Collection)
	case e.ID != "":
		fmt.Fprintf(&b, ": document %q", e.ID)
	case e.Collection != "":
		fmt.Fprintf(&b, ": collection %q", e.Collection)
	}
	return b.String()
}

// cause is the text of the cause, as far as it says more than the kind.
func (e *Error) cause() string {
	var below *ports.Error
	switch {
	case e.Err == nil:
		return ""
	case errors.As(e.Err, &below) && below == e.Err && below.Err == nil && e.ID != "" && KindOf(below) == e.Kind:
		return ""
	case e.Kind != nil && e.Err.Error() == e.Kind.Error():
		return ""
	default:
		return e.Err.Error()
	}
}

// Unwrap makes the error match its kind and its cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// invalid is an error of the caller's.
func invalid(op, collection, id, format string, args ...any) error {
	return &Error{Op: op, Collection: collection, ID: id, Kind: ErrInvalid, Err: fmt.Errorf(format, args...)}
}

// fail wraps a cause once, on its way out to the user, and finds its kind.
func fail(op, collection, id string, cause error) error {
	if cause == nil {
		return nil
	}
	var done *Error
	if errors.As(cause, &done) {
		return cause
	}
	return &Error{Op: op, Collection: collection, ID: id, Kind: KindOf(cause), Err: cause}
}

// kinds maps causes to kinds; the first that matches counts. A write that may
// be under way is unknown whatever else went wrong.
var kinds = []struct{ cause, kind error }{
	{index.ErrUnreachable, ErrUnavailable}, // the index is asked before the document is written
	{ports.ErrUnknown, ErrOutcomeUnknown},
	{ports.ErrNotFound, ErrNotFound},
	{ports.ErrPrecondition, ErrConflict},
	{ports.ErrLost, ErrConflict},
	{ports.ErrNotModified, ErrNotModified},
	{ports.ErrClosed, ErrClosed},
	{ports.ErrPermission, ErrPermission},
	{ports.ErrInvalidKey, ErrInvalid},
	{ports.ErrTooLarge, ErrInvalid},
	{ports.ErrCorrupt, ErrCorrupt},
	{ports.ErrUnsupported, ErrUnsupported},
	{document.ErrLocked, ErrCorrupt}, // a lock where none can be
	{index.ErrMoved, ErrConflict},
	{txn.ErrTooLate, ErrConflict},
	{txn.ErrEnded, ErrConflict},
	{errRules, ErrConflict},
	{index.ErrNoExtractor, ErrUnsupported},
	{index.ErrNotIndexable, ErrInvalid},
	{ErrConstraint, ErrConstraint},
	{unique.ErrUnusable, ErrInvalid},
	{unique.ErrNoNormalizer, ErrUnsupported},
	{index.ErrDefinition, ErrInvalid},
	{rawjson.ErrNotObject, ErrCorrupt},
	{cas.ErrTooOld, ErrConflict},
}

// KindOf finds the kind of any error of the database or of an adapter: one of
// the errors above, or the context's. What it does not know is ErrUnavailable;
// nil is nil.
func KindOf(cause error) error {
	var e *Error
	switch {
	case cause == nil:
		return nil
	case errors.As(cause, &e) && e.Kind != nil:
		return e.Kind
	}
	for _, known := range kinds {
		if errors.Is(cause, known.cause) {
			return known.kind
		}
	}
	if ended := contextError(cause); ended != nil {
		return ended
	}
	var syntax *rawjson.SyntaxError
	if errors.As(cause, &syntax) {
		return ErrCorrupt
	}
	return ErrUnavailable
}

// readFail is fail for calls that change nothing: for them a lost answer is
// only a failure to answer.
func readFail(op, collection, id string, cause error) error {
	if cause == nil {
		return nil
	}
	err := fail(op, collection, id, cause)
	var e *Error
	if errors.As(err, &e) && e.Kind == ErrOutcomeUnknown {
		e.Kind = ErrUnavailable
	}
	return err
}
