package services

import (
	"crypto/rand"
	"errors"
	"strings"
)

// errUnset says that the environment names no server.
var errUnset = errors.New("is not set")

func isUnset(err error) bool { return errors.Is(err, errUnset) }

// unset is the error of a variable without a value.
func unset(variable string) error { return unsetError(variable) }

type unsetError string

func (e unsetError) Error() string { return string(e) + " " + errUnset.Error() }
func (e unsetError) Unwrap() error { return errUnset }

// newName returns a name for a bucket that nobody has used.
func newName() string { return "test-" + strings.ToLower(rand.Text()) }
