package simple

import (
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// kinds maps the outcomes of adapters, which Open meets before there is a
// database that could do it, to what the caller should match.
var kinds = []struct{ outcome, kind error }{
	{context.Canceled, context.Canceled},
	{context.DeadlineExceeded, context.DeadlineExceeded},
	{ports.ErrPermission, core.ErrPermission},
	{ports.ErrInvalidKey, core.ErrInvalid},
	{ports.ErrTooLarge, core.ErrInvalid},
	{ports.ErrUnsupported, core.ErrUnsupported},
	{ports.ErrCorrupt, core.ErrCorrupt},
	{ports.ErrClosed, core.ErrClosed},
}

// failure makes a *core.Error of what an adapter answered.
func failure(op string, cause error) error {
	var done *core.Error
	if cause == nil || errors.As(cause, &done) {
		return cause
	}
	kind := core.ErrUnavailable
	for _, known := range kinds {
		if errors.Is(cause, known.outcome) {
			kind = known.kind
			break
		}
	}
	return &core.Error{Op: op, Kind: kind, Err: cause}
}

// invalid is an error of the caller's.
func invalid(op, collection string, cause error) error {
	return &core.Error{Op: op, Collection: collection, Kind: core.ErrInvalid, Err: cause}
}
