package rawjson

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// The functions below take text that Check accepted.

// skipValue returns the index after the value that starts at i.
func skipValue(data []byte, i int) int {
	switch data[i] {
	case '"':
		return skipString(data, i)
	case '{', '[':
		for depth := 0; i < len(data); i++ {
			switch data[i] {
			case '"':
				i = skipString(data, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return i
	default:
		for i < len(data) && !endsScalar(data[i]) {
			i++
		}
		return i
	}
}

func skipString(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return i
}

func endsScalar(c byte) bool {
	return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\n' || c == '\t' || c == '\r'
}

// Member is one member of an object. Name is the quoted JSON string as it
// stands, Value the text of the value.
type Member struct {
	Name  []byte
	Value []byte
	Start int // offset of Name in the object's text
	End   int // offset after Value
}

// Is reports whether the member has that name.
func (m Member) Is(name string) bool {
	inner := m.Name[1 : len(m.Name)-1]
	if string(inner) == name {
		return bytes.IndexByte(inner, '\\') < 0
	}
	return (bytes.IndexByte(inner, '\\') >= 0 || !utf8.Valid(inner)) && m.Text() == name
}

// Text is the name, unquoted.
func (m Member) Text() string { return Unquote(m.Name) }

// Members yields the members of an object in their order.
func Members(object []byte) iter.Seq[Member] {
	return func(yield func(Member) bool) {
		for i := skipSpace(object, 0) + 1; ; i++ {
			i = skipSpace(object, i)
			if i >= len(object) || object[i] == '}' {
				return
			}
			m := Member{Start: i}
			i = skipString(object, i)
			m.Name = object[m.Start:i]
			i = skipSpace(object, skipSpace(object, i)+1)
			m.End = skipValue(object, i)
			m.Value = object[i:m.End]
			if !yield(m) {
				return
			}
			if i = skipSpace(object, m.End); i >= len(object) || object[i] == '}' {
				return
			}
		}
	}
}

// Elements yields the elements of an array in their order.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := skipSpace(array, 0) + 1; ; i++ {
			i = skipSpace(array, i)
			if i >= len(array) || array[i] == ']' {
				return
			}
			end := skipValue(array, i)
			if !yield(array[i:end]) {
				return
			}
			if i = skipSpace(array, end); i >= len(array) || array[i] == ']' {
				return
			}
		}
	}
}

// Find returns the value of the member with that name; of several, the last,
// as encoding/json does.
func Find(object []byte, name string) (value []byte, ok bool) {
	for m := range Members(object) {
		if m.Is(name) {
			value, ok = m.Value, true
		}
	}
	return value, ok
}

// Visit calls fn for each value that the path leads to. An array on the way,
// or at the end, stands for each of its elements; an array inside such an
// array is visited as it is. A member that is missing is not visited. It
// reports whether the walk met an array.
func Visit(value []byte, path []string, fn func(value []byte)) (fannedOut bool) {
	value = value[skipSpace(value, 0):]
	if len(value) > 0 && value[0] == '[' {
		for element := range Elements(value) {
			if len(path) == 0 {
				fn(element)
			} else if element[0] == '{' {
				Visit(element, path, fn)
			}
		}
		return true
	}
	if len(path) == 0 {
		fn(value)
		return false
	}
	if len(value) == 0 || value[0] != '{' {
		return false
	}
	if found, ok := Find(value, path[0]); ok {
		return Visit(found, path[1:], fn)
	}
	return false
}

// Lookup returns the one value that a path of member names leads to. It does
// not look into arrays.
func Lookup(object []byte, path []string) (value []byte, ok bool) {
	value = object
	for _, name := range path {
		if !isObject(value) {
			return nil, false
		}
		if value, ok = Find(value, name); !ok {
			return nil, false
		}
	}
	return value, true
}

// Unquote returns the text of a JSON string.
func Unquote(quoted []byte) string {
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner)
	}
	var text string
	if json.Unmarshal(quoted, &text) != nil {
		return string(inner)
	}
	return text
}
