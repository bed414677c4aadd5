package memory

import (
	"fmt"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// maxNameBytes bounds the names of spaces and sets.
const maxNameBytes = 1024

func validName(name string) bool {
	return name != "" && len(name) <= maxNameBytes && utf8.ValidString(name)
}

func invalidName(op, space string) error {
	return ports.Fail(op, space, ports.ErrInvalidKey,
		fmt.Errorf("spaces and sets are valid UTF-8 of 1 to %d bytes", maxNameBytes))
}

// checkEntries refuses what the contract of Index calls invalid.
func checkEntries(op, space string, entries []ports.Entry) error {
	if !validName(space) {
		return invalidName(op, space)
	}
	for _, e := range entries {
		if !validName(e.Set) {
			return invalidName(op, space)
		}
		if len(e.Member) == 0 || len(e.Member) > ports.MaxMemberBytes {
			return ports.Fail(op, space, ports.ErrInvalidKey,
				fmt.Errorf("a member has %d bytes, not 1 to %d", len(e.Member), ports.MaxMemberBytes))
		}
	}
	return nil
}
