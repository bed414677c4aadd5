package s3

import (
	"bytes"
	"errors"
	"strconv"
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/smarterbase/smarterbase/ports"
)

// errUnusual sends a document to encoding/xml.
var errUnusual = errors.New("unusual document")

// scanner reads a ListBucketResult in one pass, without a tree and with one
// allocation for each object. It knows tags without attributes (but for the
// root's), text, and the five named and the numeric entities. It gives up on
// everything else, so that it can't misread what it does not know.
type scanner struct {
	text  []byte
	at    int
	spare [2][]byte // for text with entities
}

// maxDepth is how deep elements may be nested below those that are read.
const maxDepth = 8

// result reads the whole document.
func (s *scanner) result(p *page) error {
	if !utf8.Valid(s.text) {
		return errUnusual
	}
	s.space()
	if s.skip("<?xml ") {
		end := bytes.Index(s.text[s.at:], []byte("?>"))
		if end < 0 || bytes.Contains(bytes.ToLower(s.text[s.at:s.at+end]), []byte("encoding=")) && !s.utf8Declared(end) {
			return errUnusual
		}
		s.at += end + 2
		s.space()
	}
	if err := s.root(); err != nil {
		return err
	}
	p.infos, p.truncated, p.token = p.infos[:0], false, ""
	encoded, err := s.members(p)
	if err != nil {
		return err
	}
	s.space()
	if s.at != len(s.text) {
		return errUnusual
	}
	return s.unescape(p, encoded)
}

func (s *scanner) utf8Declared(end int) bool {
	declared := bytes.ToLower(s.text[s.at : s.at+end])
	return bytes.Contains(declared, []byte(`encoding="utf-8"`)) || bytes.Contains(declared, []byte(`encoding='utf-8'`))
}

// root reads the start tag, whose one attribute is the name space.
func (s *scanner) root() error {
	if !s.skip("<ListBucketResult") {
		return errUnusual
	}
	if s.skip(` xmlns="`) {
		end := bytes.IndexByte(s.text[s.at:], '"')
		if end < 0 || bytes.ContainsAny(s.text[s.at:s.at+end], "<&") {
			return errUnusual
		}
		s.at += end + 1
	}
	if !s.skip(">") {
		return errUnusual
	}
	return nil
}

// members reads what is in the root, up to its end tag. It answers whether keys
// are URL-encoded, which may be said behind them.
func (s *scanner) members(p *page) (encoded bool, err error) {
	var seen uint8
	for {
		s.space()
		if s.skip("</ListBucketResult>") {
			if seen&1 == 0 {
				return false, errUnusual
			}
			return encoded, nil
		}
		name, empty, err := s.open()
		if err != nil {
			return false, err
		}
		var bit uint8
		switch string(name) {
		case "Contents":
			if empty {
				return false, errUnusual
			}
			err = s.contents(p)
		case "IsTruncated":
			bit = 1
			var value []byte
			value, err = s.value(name, empty, 0)
			p.truncated = string(value) == "true"
			if err == nil && !p.truncated && string(value) != "false" {
				err = errUnusual
			}
		case "NextContinuationToken":
			bit = 2
			var value []byte
			value, err = s.value(name, empty, 0)
			p.token = string(value)
		case "EncodingType":
			bit = 4
			var value []byte
			value, err = s.value(name, empty, 0)
			encoded = string(value) == "url"
		default:
			err = s.pass(name, empty, 0)
		}
		if err != nil || seen&bit != 0 {
			return false, errUnusual
		}
		seen |= bit
	}
}

// contents reads one entry. Its key and ETag share one string.
func (s *scanner) contents(p *page) error {
	var key, etag []byte
	var seen uint8
	info := ports.ObjectInfo{}
	for {
		s.space()
		if s.skip("</Contents>") {
			break
		}
		name, empty, err := s.open()
		if err != nil {
			return err
		}
		var bit uint8
		switch string(name) {
		case "Key":
			bit = 1
			key, err = s.value(name, empty, 0)
		case "ETag":
			bit = 2
			etag, err = s.value(name, empty, 1)
		case "Size":
			bit = 4
			info.Size, err = s.number(name, empty)
		case "LastModified":
			bit = 8
			info.ModTime, err = s.moment(name, empty)
		default:
			err = s.pass(name, empty, 0)
		}
		if err != nil || seen&bit != 0 {
			return errUnusual
		}
		seen |= bit
	}
	if seen&7 != 7 || len(key) == 0 || len(etag) == 0 || etag[0] != '"' {
		return errUnusual
	}
	both := make([]byte, len(key)+len(etag))
	copy(both[copy(both, key):], etag)
	text := unsafe.String(unsafe.SliceData(both), len(both)) // both is not changed any more
	info.Key, info.Version = text[:len(key)], ports.Version(text[len(key):])
	p.infos = append(p.infos, info)
	return nil
}

// unescape undoes the URL encoding of the keys that have any.
func (*scanner) unescape(p *page, encoded bool) error {
	if !encoded {
		return nil
	}
	for i := range p.infos {
		info := &p.infos[i]
		for j := range len(info.Key) {
			if c := info.Key[j]; c == '%' || c == '+' {
				decoded, err := entry(info.Key, string(info.Version), "", info.Size, true)
				if err != nil {
					return err
				}
				info.Key = decoded.Key
				break
			}
		}
	}
	return nil
}

// open reads a start tag, or an empty element.
func (s *scanner) open() (name []byte, empty bool, err error) {
	if !s.skip("<") {
		return nil, false, errUnusual
	}
	from := s.at
	for s.at < len(s.text) && letter(s.text[s.at]) {
		s.at++
	}
	name = s.text[from:s.at]
	if len(name) == 0 || name[0] < 'A' {
		return nil, false, errUnusual
	}
	if s.skip(">") {
		return name, false, nil
	}
	if s.skip("/>") {
		return name, true, nil
	}
	return nil, false, errUnusual
}

func letter(c byte) bool {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
}

// end reads the end tag of name.
func (s *scanner) end(name []byte) bool {
	n := len(name)
	rest := s.text[s.at:]
	if len(rest) < n+3 || rest[0] != '<' || rest[1] != '/' || string(rest[2:2+n]) != string(name) || rest[2+n] != '>' {
		return false
	}
	s.at += n + 3
	return true
}

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
	text, entities := s.text[from:s.at], false
	for i, c := range text {
		switch {
		case c == '&':
			entities = true
		case c == '>' || (c < ' ' && c != '\n' && c != '\t'):
			return nil, errUnusual
		case c == 0xef && i+2 < len(text) && text[i+1] == 0xbf && text[i+2] >= 0xbe:
			return nil, errUnusual // U+FFFE and U+FFFF
		}
	}
	if !entities {
		return text, nil
	}
	return s.expand(text, slot)
}

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
	r := rune(n) //nolint:gosec // the range is checked below
	return r, err == nil && n >= ' ' && n <= utf8.MaxRune && utf8.ValidRune(r) && r != 0xfffe && r != 0xffff
}

// pass reads an element that is not needed.
func (s *scanner) pass(name []byte, empty bool, depth int) error {
	if empty {
		return nil
	}
	for depth < maxDepth {
		if _, err := s.run(1); err != nil {
			return err
		}
		if s.end(name) {
			return nil
		}
		inner, empty, err := s.open()
		if err != nil {
			return err
		}
		if err := s.pass(inner, empty, depth+1); err != nil {
			return err
		}
	}
	return errUnusual
}

func (s *scanner) number(name []byte, empty bool) (n int64, err error) {
	text, err := s.value(name, empty, 0)
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
	text, err := s.value(name, empty, 0)
	if err != nil {
		return time.Time{}, err
	}
	return time.Parse(time.RFC3339, unsafe.String(unsafe.SliceData(text), len(text))) // is not kept
}

func (s *scanner) skip(text string) bool {
	if rest := s.text[s.at:]; len(rest) < len(text) || string(rest[:len(text)]) != text {
		return false
	}
	s.at += len(text)
	return true
}

func (s *scanner) space() {
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\n', '\t', '\r':
			s.at++
		default:
			return
		}
	}
}
