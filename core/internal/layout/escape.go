package layout

import (
	"errors"
	"strings"
	"unicode/utf8"
)

const hexDigits = "0123456789ABCDEF"

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '.' || c == '_' || c == '-'
}

// Escape maps any text to [A-Za-z0-9._-] and ~XX, one to one. Texts that hold
// only such characters stay readable as they are.
func Escape(text string) string {
	plain := true
	for i := range len(text) {
		if !isPlain(text[i]) {
			plain = false
			break
		}
	}
	if plain {
		return text
	}
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; isPlain(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('~')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

var errNotEscaped = errors.New("not an escaped name")

// Unescape undoes Escape, and refuses every text that Escape can't have made,
// so that two names never mean the same document.
func Unescape(name string) (string, error) {
	if strings.IndexByte(name, '~') < 0 {
		for i := range len(name) {
			if !isPlain(name[i]) {
				return "", errNotEscaped
			}
		}
		return name, nil
	}
	text := make([]byte, 0, len(name))
	for i := 0; i < len(name); i++ {
		c := name[i]
		if c == '~' {
			if i+2 >= len(name) {
				return "", errNotEscaped
			}
			high, low := strings.IndexByte(hexDigits, name[i+1]), strings.IndexByte(hexDigits, name[i+2])
			if high < 0 || low < 0 || isPlain(byte(high<<4|low)) {
				return "", errNotEscaped
			}
			c, i = byte(high<<4|low), i+2
		} else if !isPlain(c) {
			return "", errNotEscaped
		}
		text = append(text, c)
	}
	if !utf8.Valid(text) {
		return "", errNotEscaped
	}
	return string(text), nil
}
