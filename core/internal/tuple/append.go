package tuple

import (
	"bytes"
	"time"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/core/internal/rawjson"
)

// The first byte of an encoded value. Each is less than 0xFF and greater than
// 0x00, so that terminators and escapes can't be taken for one.
const (
	typeNull   = 0x05
	typeFalse  = 0x06
	typeTrue   = 0x07
	typeNumber = 0x10
	typeString = 0x20
	typeArray  = 0x30
	typeObject = 0x31
)

// Mode refines how a value is encoded.
type Mode struct {
	// Time: strings that are RFC 3339 times are ordered by the moment they
	// name, not by their letters.
	Time bool

	// Limit, if not 0, cuts what is encoded of a string or of a number's digits
	// to about that many bytes. Cutting keeps the order but can make unequal
	// values equal: good for finding candidates, not for deciding.
	Limit int
}

// Append appends the encoding of a JSON value. The text must be valid JSON.
func Append(dst, value []byte, mode Mode) []byte {
	value = bytes.TrimLeft(value, " \n\t\r")
	switch value[0] {
	case 'n':
		return append(dst, typeNull)
	case 'f':
		return append(dst, typeFalse)
	case 't':
		return append(dst, typeTrue)
	case '"':
		return appendString(dst, value, mode)
	case '[':
		return append(dst, typeArray)
	case '{':
		return append(dst, typeObject)
	default:
		return appendNumber(dst, value, mode.Limit)
	}
}

// Null appends the encoding of null, which also stands for what is missing.
func Null(dst []byte) []byte { return append(dst, typeNull) }

// Complement turns encoded values around, so that they sort descending.
func Complement(encoded []byte) {
	for i := range encoded {
		encoded[i] = ^encoded[i]
	}
}

// SameType returns the half-open range of all encodings of the type that
// encoded begins with, false and true being one type.
func SameType(encoded []byte) (from, to []byte) {
	switch encoded[0] {
	case typeFalse, typeTrue:
		return []byte{typeFalse}, []byte{typeTrue + 1}
	default:
		return []byte{encoded[0]}, []byte{encoded[0] + 1}
	}
}

// AreComparable reports whether two encoded values are of one type in the sense
// of SameType.
func AreComparable(a, b []byte) bool {
	isBool := func(t byte) bool { return t == typeFalse || t == typeTrue }
	return a[0] == b[0] || isBool(a[0]) && isBool(b[0])
}

// PrefixOf returns the bytes that the encodings of all strings with the prefix
// that was encoded begin with.
func PrefixOf(encodedString []byte) []byte { return encodedString[:len(encodedString)-1] }

// End returns the least byte string that is greater than every one that
// begins with prefix; nil if there is none.
func End(prefix []byte) []byte {
	for i := len(prefix) - 1; i >= 0; i-- {
		if prefix[i] != 0xFF {
			end := bytes.Clone(prefix[:i+1])
			end[i]++
			return end
		}
	}
	return nil
}

const timeLayout = "2006-01-02T15:04:05.000000000Z"

func appendString(dst, quoted []byte, mode Mode) []byte {
	text := quoted[1:bytes.LastIndexByte(quoted, '"')]
	if bytes.IndexByte(text, '\\') >= 0 || !utf8.Valid(text) {
		text = []byte(rawjson.Unquote(quoted[:len(text)+2]))
	}
	dst = append(dst, typeString)
	if mode.Time {
		if moment, err := time.Parse(time.RFC3339Nano, string(text)); err == nil {
			return append(moment.UTC().AppendFormat(dst, timeLayout), 0)
		}
	}
	if mode.Limit == 0 && bytes.IndexByte(text, 0) < 0 {
		return append(append(dst, text...), 0)
	}
	return appendEscaped(dst, text, mode.Limit)
}

func appendEscaped(dst, text []byte, limit int) []byte {
	start := len(dst)
	for _, c := range text {
		width := 1
		if c == 0 {
			width = 2
		}
		if limit > 0 && len(dst)-start+width > limit {
			break
		}
		dst = append(dst, c)
		if c == 0 {
			dst = append(dst, 0xFF)
		}
	}
	return append(dst, 0)
}
