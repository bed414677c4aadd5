package layout

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// Folders of system objects that carry a name of the user's.
const (
	LockPrefix    = systemPrefix + "lock/"
	CounterPrefix = systemPrefix + "counter/"

	// CascadePrefix holds deletes that take more with them than one transaction
	// can.
	CascadePrefix = systemPrefix + "cascade/"
	FencePrefix   = systemPrefix + "fence/" // of locks that are not kept in the store

	// ClockPrefix holds scratch objects that tell what time it is at the store.
	ClockPrefix = systemPrefix + "clock/"

	// IdentityKey is the object that tells this database from every other.
	IdentityKey = systemPrefix + "database" + documentSuffix
)

// SystemEnd is greater than every key of the system, and no key of the user's is
// between them.
const SystemEnd = "_sb0" // the slash, and one more

// CheckName reports why name can't name a lock, a fence or a counter; the empty string
// means that it can.
func CheckName(name string) string {
	switch {
	case name == "":
		return "the name is empty"
	case !utf8.ValidString(name):
		return "the name is not valid UTF-8"
	case len(Escape(name))+len(documentSuffix) > ports.MaxSegmentBytes:
		return fmt.Sprintf("the name is longer than %d bytes when escaped", ports.MaxSegmentBytes-len(documentSuffix))
	}
	return ""
}

// NamedKey is the object key of a name under one of the prefixes above.
func NamedKey(prefix, name string) string { return prefix + Escape(name) + documentSuffix }

// NameOf undoes NamedKey. It is false for what else lies there.
func NameOf(prefix, key string) (string, bool) {
	escaped, ok := strings.CutPrefix(key, prefix)
	if !ok {
		return "", false
	}
	if escaped, ok = strings.CutSuffix(escaped, documentSuffix); !ok || escaped == "" {
		return "", false
	}
	name, err := Unescape(escaped)
	return name, err == nil
}

// MaintenanceKey is the object that tells when the store was last maintained.
const MaintenanceKey = systemPrefix + "maintenance" + documentSuffix
