package fs

import (
	"strings"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// MetadataDir is the adapter's own folder under the root. It holds locks and
// unfinished files; no key ever leads into it, so other local parts of the
// database (an embedded index) may keep their files there as well.
const MetadataDir = ".sb"

// Marks at the end of a name. None of them can end a name that has an
// extension, because "~" is not part of one.
const (
	markObject = "~o" // a file whose segment has no extension
	markFolder = "~d" // a folder whose segment would look like something else
	markMore   = "~+" // a folder that holds the rest of a name of over 255 bytes
)

const (
	maxNameBytes      = 255
	maxExtensionBytes = 16
)

// names maps keys to paths below the root and back. A file's name always has
// an extension or ends in markObject, a folder's never has and never does: the
// two sets are disjoint, which lets "a" and "a/b" live side by side.
type names struct {
	// fold escapes what a file system that ignores case or Unicode form would
	// take for equal: upper-case letters, everything beyond ASCII, and "~".
	fold bool
}

// file returns the path of the object's file. Most keys are their own path.
func (n names) file(key string) string {
	if n.plain(key, false) {
		return key
	}
	return n.path(key, false)
}

// folder returns the path of the folder for the keys that start with key + "/".
func (n names) folder(key string) string {
	if n.plain(key, true) {
		return key
	}
	return n.path(key, true)
}

// plain reports whether key is its own path.
func (n names) plain(key string, folder bool) bool {
	if n.fold && foldUnsafe(key) {
		return false
	}
	for first := true; ; first = false {
		segment, rest, more := strings.Cut(key, "/")
		switch {
		case len(segment) > maxNameBytes:
			return false
		case more || folder:
			if folderNeedsMark(segment, first) {
				return false
			}
		case !hasExtension(segment):
			return false
		}
		if !more {
			return true
		}
		key = rest
	}
}

func (n names) path(key string, folder bool) string {
	var b strings.Builder
	for first := true; ; first = false {
		segment, rest, more := strings.Cut(key, "/")
		splitName(&b, n.name(segment, more || folder, first))
		if !more {
			return b.String()
		}
		b.WriteByte('/')
		key = rest
	}
}

// name returns the whole name of a segment, however long.
func (n names) name(segment string, folder, first bool) string {
	if n.fold {
		segment = foldEscape(segment)
	}
	switch {
	case folder && folderNeedsMark(segment, first):
		return segment + markFolder
	case !folder && !hasExtension(segment):
		return segment + markObject
	}
	return segment
}

// segment is the inverse of name: ok is false for a name that no segment has.
func (n names) segment(name string, folder, first bool) (segment string, ok bool) {
	segment = name
	if folder {
		if body, marked := strings.CutSuffix(name, markFolder); marked {
			segment = body
			ok = folderNeedsMark(body, first)
		} else {
			ok = !folderNeedsMark(name, first)
		}
	} else {
		if body, marked := strings.CutSuffix(name, markObject); marked {
			segment = body
			ok = !hasExtension(body)
		} else {
			ok = hasExtension(name)
		}
	}
	if ok && n.fold {
		segment, ok = foldUnescape(segment)
	}
	return segment, ok && ports.ValidateKey(segment) == nil
}

// read decodes what a listing found: a path below a folder, which has a "/" only
// where a name was cut. A folder's segment gets a "/" at its end. ok is false
// for what is not ours.
func (n names) read(path string, folder, first bool) (segment string, ok bool) {
	name := path
	if strings.Contains(path, "/") {
		name = strings.ReplaceAll(path, markMore+"/", "")
	}
	if segment, ok = n.segment(name, folder, first); !ok {
		return "", false
	}
	if len(name) != len(path) || len(name) > maxNameBytes { // cut, but in the right places?
		var b strings.Builder
		if splitName(&b, name); b.String() != path {
			return "", false
		}
	}
	if folder {
		segment += "/"
	}
	return segment, true
}

// splitName appends name, cut into folders of at most 255 bytes where it is
// longer. Characters stay whole, because some file systems insist on UTF-8. The
// last part has at least three bytes, so it is never "." or "..".
func splitName(b *strings.Builder, name string) {
	for len(name) > maxNameBytes {
		cut := maxNameBytes - len(markMore)
		for !utf8.RuneStart(name[cut]) {
			cut--
		}
		b.WriteString(name[:cut])
		b.WriteString(markMore)
		b.WriteByte('/')
		name = name[cut:]
	}
	b.WriteString(name)
}

// hasExtension reports whether s ends in a dot and 1 to 16 ASCII letters or
// digits, with something before the dot.
func hasExtension(s string) bool {
	for i := len(s) - 1; i > 0 && i >= len(s)-1-maxExtensionBytes; i-- {
		c := s[i]
		switch {
		case c == '.':
			return i < len(s)-1
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		default:
			return false
		}
	}
	return false
}

func folderNeedsMark(segment string, first bool) bool {
	if n := len(segment); n >= 2 && segment[n-2] == '~' {
		if c := segment[n-1]; c == 'o' || c == 'd' || c == '+' {
			return true
		}
	}
	return hasExtension(segment) || (first && segment == MetadataDir)
}

func foldUnsafe(s string) bool {
	for i := range len(s) {
		if mustFold(s[i]) {
			return true
		}
	}
	return false
}

func mustFold(c byte) bool { return c == '~' || c >= 0x80 || (c >= 'A' && c <= 'Z') }

const hexDigits = "0123456789abcdef"

func foldEscape(s string) string {
	if !foldUnsafe(s) {
		return s
	}
	b := make([]byte, 0, 3*len(s))
	for i := range len(s) {
		if c := s[i]; mustFold(c) {
			b = append(b, '~', hexDigits[c>>4], hexDigits[c&15])
		} else {
			b = append(b, c)
		}
	}
	return string(b)
}

// foldUnescape accepts exactly what foldEscape produces.
func foldUnescape(s string) (string, bool) {
	if !foldUnsafe(s) {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '~' {
			b = append(b, s[i])
			continue
		}
		if i+2 >= len(s) {
			return "", false
		}
		high, low := strings.IndexByte(hexDigits, s[i+1]), strings.IndexByte(hexDigits, s[i+2])
		if high < 0 || low < 0 {
			return "", false
		}
		b = append(b, byte(high<<4|low))
		i += 2
	}
	decoded := string(b)
	return decoded, foldEscape(decoded) == s
}
