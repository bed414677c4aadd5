package rawjson

import (
	"errors"
	"fmt"
)

// MaxDepth is how deep arrays and objects may nest, as in encoding/json.
const MaxDepth = 10000

// SyntaxError says where and why a text is not JSON.
type SyntaxError struct {
	Offset int // bytes from the start of the text
	What   string
}

// Error says what was expected, and where.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.What)
}

// ErrNotObject is the answer of CheckObject to another kind of value.
var ErrNotObject = errors.New("the JSON value is not an object")

// Check reports whether data is exactly one JSON value.
func Check(data []byte) error { return check(data, 0) }

func check(data []byte, depth int) error {
	end, err := checkValue(data, skipSpace(data, 0), depth)
	if err != nil {
		return err
	}
	if end = skipSpace(data, end); end != len(data) {
		return &SyntaxError{end, "text after the value"}
	}
	return nil
}

// CheckObject is Check for values that must be objects.
func CheckObject(data []byte) error { return CheckAround(data, 0) }

// CheckAround is CheckObject for an object around values that may be MaxDepth
// deep themselves, and are that many levels inside.
func CheckAround(data []byte, levels int) error {
	if err := check(data, -levels); err != nil {
		return err
	}
	if data[skipSpace(data, 0)] != '{' {
		return ErrNotObject
	}
	return nil
}

func checkValue(data []byte, i, depth int) (int, error) {
	if i >= len(data) {
		return i, &SyntaxError{i, "the text ends where a value should be"}
	}
	switch c := data[i]; c {
	case '{':
		return checkObject(data, i, depth+1)
	case '[':
		return checkArray(data, i, depth+1)
	case '"':
		return checkString(data, i)
	case 't':
		return checkWord(data, i, "true")
	case 'f':
		return checkWord(data, i, "false")
	case 'n':
		return checkWord(data, i, "null")
	default:
		if c == '-' || isDigit(c) {
			return checkNumber(data, i)
		}
		return i, &SyntaxError{i, fmt.Sprintf("unexpected %q", c)}
	}
}

func checkWord(data []byte, i int, word string) (int, error) {
	if len(data)-i < len(word) || string(data[i:i+len(word)]) != word {
		return i, &SyntaxError{i, "expected " + word}
	}
	return i + len(word), nil
}

func checkObject(data []byte, i, depth int) (int, error) {
	if depth > MaxDepth {
		return i, &SyntaxError{i, "nested too deep"}
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == '}' {
		return i + 1, nil
	}
	for {
		if i >= len(data) || data[i] != '"' {
			return i, &SyntaxError{i, "expected a member name"}
		}
		var err error
		if i, err = checkString(data, i); err != nil {
			return i, err
		}
		if i = skipSpace(data, i); i >= len(data) || data[i] != ':' {
			return i, &SyntaxError{i, "expected a colon"}
		}
		if i, err = checkValue(data, skipSpace(data, i+1), depth); err != nil {
			return i, err
		}
		i = skipSpace(data, i)
		switch {
		case i < len(data) && data[i] == ',':
			i = skipSpace(data, i+1)
		case i < len(data) && data[i] == '}':
			return i + 1, nil
		default:
			return i, &SyntaxError{i, "expected a comma or the end of the object"}
		}
	}
}

func checkArray(data []byte, i, depth int) (int, error) {
	if depth > MaxDepth {
		return i, &SyntaxError{i, "nested too deep"}
	}
	i = skipSpace(data, i+1)
	if i < len(data) && data[i] == ']' {
		return i + 1, nil
	}
	for {
		var err error
		if i, err = checkValue(data, i, depth); err != nil {
			return i, err
		}
		i = skipSpace(data, i)
		switch {
		case i < len(data) && data[i] == ',':
			i = skipSpace(data, i+1)
		case i < len(data) && data[i] == ']':
			return i + 1, nil
		default:
			return i, &SyntaxError{i, "expected a comma or the end of the array"}
		}
	}
}

func checkString(data []byte, i int) (int, error) {
	for i++; i < len(data); i++ {
		switch c := data[i]; {
		case c == '"':
			return i + 1, nil
		case c < 0x20:
			return i, &SyntaxError{i, "control character in a string"}
		case c == '\\':
			i++
			if i >= len(data) {
				return i, &SyntaxError{i, "the text ends in a string"}
			}
			if err := checkEscape(data, i); err != nil {
				return i, err
			}
			if data[i] == 'u' {
				i += 4
			}
		}
	}
	return i, &SyntaxError{i, "the text ends in a string"}
}

func checkEscape(data []byte, i int) error {
	switch data[i] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return nil
	case 'u':
		for k := i + 1; k <= i+4; k++ {
			if k >= len(data) || !isHex(data[k]) {
				return &SyntaxError{k, `expected four hexadecimal digits after \u`}
			}
		}
		return nil
	}
	return &SyntaxError{i, "unknown escape in a string"}
}

func checkNumber(data []byte, i int) (int, error) {
	if data[i] == '-' {
		i++
	}
	switch {
	case i >= len(data) || !isDigit(data[i]):
		return i, &SyntaxError{i, "expected a digit"}
	case data[i] == '0':
		i++
	default:
		i = skipDigits(data, i)
	}
	if i < len(data) && data[i] == '.' {
		if i++; i >= len(data) || !isDigit(data[i]) {
			return i, &SyntaxError{i, "expected a digit after the point"}
		}
		i = skipDigits(data, i)
	}
	if i < len(data) && (data[i] == 'e' || data[i] == 'E') {
		if i++; i < len(data) && (data[i] == '+' || data[i] == '-') {
			i++
		}
		if i >= len(data) || !isDigit(data[i]) {
			return i, &SyntaxError{i, "expected a digit in the exponent"}
		}
		i = skipDigits(data, i)
	}
	return i, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isHex(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func skipDigits(data []byte, i int) int {
	for i < len(data) && isDigit(data[i]) {
		i++
	}
	return i
}

func skipSpace(data []byte, i int) int {
	for i < len(data) && (data[i] == ' ' || data[i] == '\n' || data[i] == '\t' || data[i] == '\r') {
		i++
	}
	return i
}
