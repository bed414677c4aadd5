package core

import (
	"errors"
	"fmt"
)

// DocumentErrors says that some documents of many failed, and that everything
// else was done. It matches whatever one of its errors
// matches.
type DocumentErrors struct {
	Errors  []*Error // the first hundred
	Omitted int      // how many more there were
}

const keptErrors = 100

// Error counts the failures and gives the first one.
func (e *DocumentErrors) Error() string {
	return fmt.Sprintf("documents failed: %d, the first: %v", len(e.Errors)+e.Omitted, e.Errors[0])
}

// Unwrap answers the errors.
func (e *DocumentErrors) Unwrap() []error {
	errs := make([]error, len(e.Errors))
	for i, err := range e.Errors {
		errs[i] = err
	}
	return errs
}

// add notes the failure of one document; an error that is not about one
// document comes back.
func (e *DocumentErrors) add(err error) error {
	var one *Error
	if !errors.As(err, &one) || one.ID == "" || contextError(err) != nil {
		return err
	}
	e.note(err)
	return nil
}

// note keeps an error, if there is one, whatever it is about.
func (e *DocumentErrors) note(err error) {
	var one *Error
	switch {
	case err == nil:
	case len(e.Errors) < keptErrors && errors.As(err, &one):
		e.Errors = append(e.Errors, one)
	default:
		e.Omitted++
	}
}

// result is the error of the whole, or nil.
func (e *DocumentErrors) result() error {
	if len(e.Errors) == 0 {
		return nil
	}
	return e
}
