package core

import (
	"context"
	"errors"
)

// contextError answers which end of a context an error comes from, if any.
func contextError(err error) error {
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, ended) {
			return ended
		}
	}
	return nil
}
