package simple

import (
	"errors"

	"github.com/smarterbase/smarterbase/core"
)

// failure makes a *core.Error of what an adapter answered, which Open meets
// before there is a database that could do it.
func failure(op string, cause error) error {
	var done *core.Error
	if cause == nil || errors.As(cause, &done) {
		return cause
	}
	return &core.Error{Op: op, Kind: core.KindOf(cause), Err: cause}
}

// invalid is an error of the caller's.
func invalid(op, collection string, cause error) error {
	return &core.Error{Op: op, Collection: collection, Kind: core.ErrInvalid, Err: cause}
}
