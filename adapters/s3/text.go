package s3

import (
	"bytes"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"
)

// value reads the text of an element, and its end tag. slot is the spare memory
// for it.
func (s *scanner) value(name []byte, empty bool, slot int) ([]byte, error) {
	if empty {
		return nil, nil
	}
	text, err := s.run(slot)
	if err != nil || !s.end(name) {
		return nil, errUnusual
	}
	return text, nil
}

// run reads text up to the next tag.
func (s *scanner) run(slot int) ([]byte, error) {
	from := s.at
	n := bytes.IndexByte(s.text[from:], '<')
	if n < 0 {
		return nil, errUnusual
	}
	s.at += n
	text, found := s.text[from:s.at], byte(0)
	for _, c := range text {
		found |= special[c]
	}
	switch {
	case found == 0:
		return text, nil
	case found&(isOdd|isRare) != 0 && (found&isOdd != 0 || bytes.Contains(text, []byte("\ufffe")) || bytes.Contains(text, []byte("\uffff"))):
		return nil, errUnusual
	case found&isEntity == 0:
		return text, nil
	}
	return s.expand(text, slot)
}

const (
	isEntity = 1 << iota
	isOdd    // bytes that are not in the text of documents, or change on the way
	isRare   // the first byte of two runes that are not in it, and of others
)

var special = func() (table [256]byte) {
	for c := range ' ' {
		table[c] = isOdd
	}
	table['\n'], table['\t'], table['>'], table['&'], table[0xef] = 0, 0, isOdd, isEntity, isRare
	return table
}()

// expand replaces entities.
func (s *scanner) expand(text []byte, slot int) ([]byte, error) {
	to := s.spare[slot][:0]
	for len(text) > 0 {
		i := bytes.IndexByte(text, '&')
		if i < 0 {
			to = append(to, text...)
			break
		}
		to = append(to, text[:i]...)
		n := bytes.IndexByte(text[i:], ';')
		if n < 0 {
			return nil, errUnusual
		}
		r, ok := entity(text[i+1 : i+n])
		if !ok {
			return nil, errUnusual
		}
		to = utf8.AppendRune(to, r)
		text = text[i+n+1:]
	}
	s.spare[slot] = to
	return to, nil
}

func entity(name []byte) (rune, bool) {
	switch string(name) {
	case "amp":
		return '&', true
	case "lt":
		return '<', true
	case "gt":
		return '>', true
	case "quot":
		return '"', true
	case "apos":
		return '\'', true
	}
	if len(name) < 2 || len(name) > 8 || name[0] != '#' {
		return 0, false
	}
	digits, base := name[1:], 10
	if digits[0] == 'x' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(string(digits), base, 32)
	r := rune(n) // the range is checked below
	return r, err == nil && n >= ' ' && n <= utf8.MaxRune && utf8.ValidRune(r) && r != 0xfffe && r != 0xffff
}

func (s *scanner) number(name []byte, empty bool) (n int64, err error) {
	text, err := s.value(name, empty, slotRest)
	if err != nil || len(text) == 0 || len(text) > 18 {
		return 0, errUnusual
	}
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, errUnusual
		}
		n = n*10 + int64(c-'0')
	}
	return n, nil
}

// moment reads a time such as 2026-11-24T10:48:00.000Z.
func (s *scanner) moment(name []byte, empty bool) (time.Time, error) {
	text, err := s.value(name, empty, slotRest)
	if err != nil {
		return time.Time{}, err
	}
	if len(text) == len("2026-11-24T10:48:00.000Z") && bytes.Equal(text, s.lastTime[:]) {
		return s.lastAt, nil // objects that were written together
	}
	at, err := time.Parse(time.RFC3339, unsafe.String(unsafe.SliceData(text), len(text))) // is not kept
	if err == nil && len(text) == len(s.lastTime) {
		s.lastAt = at
		copy(s.lastTime[:], text)
	}
	return at, err
}

// unescape undoes the URL encoding of a key, as url.QueryUnescape does.
func (s *scanner) unescape(key []byte) ([]byte, error) {
	if bytes.IndexByte(key, '%') < 0 && bytes.IndexByte(key, '+') < 0 {
		return key, nil
	}
	to := s.spare[slotEscapes][:0]
	for i := 0; i < len(key); i++ {
		switch c := key[i]; c {
		case '+':
			to = append(to, ' ')
		case '%':
			if i+2 >= len(key) || unhex[key[i+1]] == 0 || unhex[key[i+2]] == 0 {
				return nil, errUnusual
			}
			to = append(to, (unhex[key[i+1]]-1)<<4|(unhex[key[i+2]]-1))
			i += 2
		default:
			to = append(to, c)
		}
	}
	s.spare[slotEscapes] = to
	return to, nil
}

// unhex is one more than the value of each hexadecimal digit, and 0 elsewhere.
var unhex = func() (table [256]byte) {
	for i, c := range []byte("0123456789abcdef") {
		table[c] = byte(i + 1)
	}
	for i, c := range []byte("ABCDEF") {
		table[c] = byte(i + 11)
	}
	return table
}()
