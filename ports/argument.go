package ports

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// The functions below refuse arguments of an Index that its contract calls
// invalid, with ErrInvalidKey. An adapter calls them before it does anything,
// so that all of them refuse the same.

// MaxNameBytes is the greatest length of the name of a space or set.
const MaxNameBytes = 1024

// ValidateInstall checks the arguments of Install.
func ValidateInstall(space string, regime Regime) error {
	if regime.Epoch == "" {
		return Fail("install", space, ErrInvalidKey, errors.New("the epoch is empty"))
	}
	return validateNames("install", space, space)
}

// ValidateEntries checks the arguments of Begin or End, whichever op says.
func ValidateEntries(op, space string, entries []Entry) error {
	if err := validateNames(op, space, space); err != nil {
		return err
	}
	for _, e := range entries {
		if err := validateNames(op, space, e.Set); err != nil {
			return err
		}
		if len(e.Member) == 0 || len(e.Member) > MaxMemberBytes {
			return Fail(op, space, ErrInvalidKey, fmt.Errorf("a member has %d bytes, not 1 to %d", len(e.Member), MaxMemberBytes))
		}
	}
	return nil
}

// ValidateRange checks the arguments of Query or Count, whichever op says.
func ValidateRange(op, space string, r EntryRange) error {
	if r.Limit < 0 {
		return Fail(op, space, ErrInvalidKey, errors.New("the limit is negative"))
	}
	return validateNames(op, space, space, r.Set)
}

// ValidateDrop checks the arguments of Drop.
func ValidateDrop(space, set string) error {
	if set == "" {
		return validateNames("drop", space, space)
	}
	return validateNames("drop", space, space, set)
}

func validateNames(op, space string, names ...string) error {
	for _, name := range names {
		if name == "" || len(name) > MaxNameBytes || !utf8.ValidString(name) {
			return Fail(op, space, ErrInvalidKey, fmt.Errorf("spaces and sets are valid UTF-8 of 1 to %d bytes", MaxNameBytes))
		}
	}
	return nil
}
