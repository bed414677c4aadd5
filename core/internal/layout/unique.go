package layout

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// UniquePrefix holds the claims of all unique constraints.
const UniquePrefix = systemPrefix + "unique/"

// rootFolder stands for the collection of free keys without a slash. No
// collection's name is escaped to it.
const rootFolder = "~root"

// CheckConstraint reports why name can't name a unique constraint of the
// collection; the empty string means that it can.
func CheckConstraint(collection, name string) string {
	switch {
	case name == "":
		return "the name is empty"
	case name == "." || name == "..":
		return fmt.Sprintf("the name is %q", name)
	case !utf8.ValidString(name):
		return "the name is not valid UTF-8"
	case strings.HasSuffix(name, documentSuffix), strings.HasSuffix(name, blobSuffix), strings.HasSuffix(name, minioFolder):
		return "the name ends in " + documentSuffix + ", " + blobSuffix + " or " + minioFolder
	case len(Escape(name)) > ports.MaxSegmentBytes:
		return fmt.Sprintf("the name is longer than %d bytes when escaped", ports.MaxSegmentBytes)
	case len(ClaimKey(collection, name, [sha256.Size]byte{})) > ports.MaxKeyBytes:
		return fmt.Sprintf("with the collection and a hash the name is longer than %d bytes when escaped", ports.MaxKeyBytes)
	}
	return ""
}

// ClaimPrefix is the prefix of the claims of one constraint. Those of nested
// collections can have it, too: see ParseClaimKey.
func ClaimPrefix(collection, constraint string) string {
	folder := rootFolder
	if collection != "" {
		folder = escapeSegments(collection)
	}
	return UniquePrefix + folder + "/" + Escape(constraint) + "/"
}

// ClaimKey is the object key of the claim of a value, given by its hash.
func ClaimKey(collection, constraint string, sum [sha256.Size]byte) string {
	text := hex.EncodeToString(sum[:])
	return ClaimPrefix(collection, constraint) + text[:2] + "/" + text + documentSuffix
}

// ParseClaimKey undoes ClaimKey, but for the hash. It is false for other keys.
func ParseClaimKey(key string) (collection, constraint string, ok bool) {
	rest, ok := strings.CutPrefix(key, UniquePrefix)
	parts := strings.Split(rest, "/")
	n := len(parts)
	if !ok || n < 4 || len(parts[n-1]) != 2*sha256.Size+len(documentSuffix) {
		return "", "", false
	}
	constraint, err := Unescape(parts[n-3])
	if err != nil {
		return "", "", false
	}
	if n == 4 && parts[0] == rootFolder {
		return "", constraint, true
	}
	segments := make([]string, n-3)
	for i := range segments {
		if segments[i], err = Unescape(parts[i]); err != nil {
			return "", "", false
		}
	}
	return strings.Join(segments, "/"), constraint, true
}
