package ports

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of object keys, in bytes.
const (
	MaxKeyBytes     = 1024
	MaxSegmentBytes = 255
)

// ValidateKey reports whether key can name an object on every store. The
// rules are the intersection of what S3, Google Cloud Storage, MinIO and file
// systems accept:
//
//   - valid UTF-8, 1 to MaxKeyBytes bytes;
//   - segments separated by "/", each of 1 to MaxSegmentBytes bytes, so
//     neither a leading nor a trailing nor a double "/";
//   - no segment "." or "..";
//   - no control character (U+0000 to U+001F, U+007F to U+009F).
//
// The error matches ErrInvalidKey and says which rule was broken. Core calls
// ValidateKey before every request, and every adapter calls it again:
// [OS-KEY-1] a key that it refuses MUST be refused with ErrInvalidKey by Get,
// Put, Delete and Stat, before anything outside the process is touched.
func ValidateKey(key string) error {
	if reason := keyProblem(key); reason != "" {
		return &Error{Op: "validate key", Key: key, Kind: ErrInvalidKey, Err: fmt.Errorf("%s", reason)}
	}
	return nil
}

func keyProblem(key string) string {
	switch {
	case key == "":
		return "the key is empty"
	case len(key) > MaxKeyBytes:
		return fmt.Sprintf("the key has %d bytes, more than %d", len(key), MaxKeyBytes)
	case !utf8.ValidString(key):
		return "the key is not valid UTF-8"
	}
	for _, r := range key {
		if r < 0x20 || (r >= 0x7f && r <= 0x9f) {
			return fmt.Sprintf("the key holds the control character %U", r)
		}
	}
	for segment := range strings.SplitSeq(key, "/") {
		switch {
		case segment == "":
			return "the key has an empty segment (a leading, trailing or double slash)"
		case segment == "." || segment == "..":
			return fmt.Sprintf("the key has a segment %q", segment)
		case len(segment) > MaxSegmentBytes:
			return fmt.Sprintf("a segment of the key has %d bytes, more than %d", len(segment), MaxSegmentBytes)
		}
	}
	return ""
}
