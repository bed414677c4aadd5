package minio

import (
	"strings"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// bounds say where on the server the names of a listing are.
type bounds struct{ prefix, startAfter string }

// boundsOf returns bounds that leave out no name of a key that opts selects;
// names of other keys may be within. It is false where opts can select none.
func boundsOf(opts ports.ListOptions) (b bounds, any bool) {
	switch {
	case opts.EndBefore != "" && opts.EndBefore <= opts.Prefix,
		opts.StartAfter > opts.Prefix && !strings.HasPrefix(opts.StartAfter, opts.Prefix):
		return bounds{}, false
	}
	at := strings.LastIndexByte(opts.Prefix, '/') + 1
	folders, rest := opts.Prefix[:at], validPart(opts.Prefix[at:])
	if !areFolders(folders) {
		return bounds{}, false
	}
	if rest == "." || rest == ".." { // servers refuse such a segment, though it is but the start of one
		rest = ""
	}
	b.prefix = encodeFolders(folders) + escaped(rest)
	b.startAfter = lowerBound(opts.StartAfter)
	if !strings.HasPrefix(b.startAfter, b.prefix) { // it is before all of them
		b.startAfter = ""
	}
	return b, len(b.prefix) <= ports.MaxKeyBytes
}

// areFolders says whether valid keys can start with these folders. The empty
// string is the root.
func areFolders(folders string) bool {
	if folders == "" {
		return true
	}
	for segment := range strings.SplitSeq(folders[:len(folders)-1], "/") {
		if segment == "" || segment == "." || segment == ".." || !utf8.ValidString(segment) {
			return false
		}
	}
	return true
}

// lowerBound returns a string below the names of all keys above after, and close
// to them. It is the name of after without its mark: encoding keeps the order,
// and a mark is behind the end of its key.
func lowerBound(after string) string {
	valid := validPart(after)
	if good := goodPart(valid); good != valid {
		return encodeFolders(good)
	}
	at := strings.LastIndexByte(valid, '/') + 1
	bound := encodeFolders(valid[:at]) + escaped(valid[at:])
	if rest := after[len(valid):]; rest != "" && rest[0] > 0xf4 {
		bound += folderMark[1:] // no character starts with such a byte
	}
	return bound
}

// goodPart returns the part of a bound before the first segment that no key
// has, and that servers refuse.
func goodPart(bound string) string {
	for at := 0; ; {
		segment, _, more := strings.Cut(bound[at:], "/")
		if segment == "" || segment == "." || segment == ".." || len(segment) > ports.MaxSegmentBytes {
			return bound[:at]
		}
		if !more {
			return bound
		}
		at += len(segment) + 1
	}
}

// validPart returns the longest part from the start that is valid UTF-8:
// a prefix may end inside a character.
func validPart(s string) string {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			return s[:i]
		}
		i += size
	}
	return s
}
