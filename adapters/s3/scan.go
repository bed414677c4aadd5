package s3

import (
	"bytes"
	"errors"
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
	text    []byte
	at      int
	encoded bool      // keys are URL-encoded
	spare   [4][]byte // for text with entities or escapes, by slot

	lastTime [24]byte // the text of lastAt
	lastAt   time.Time
}

// Slots of spare memory: what is kept until the end of an entry has its own.
const (
	slotKey = iota
	slotETag
	slotEscapes
	slotRest
)

// maxDepth is how deep elements may be nested below those that are read.
const maxDepth = 8

// result reads the whole document.
func (s *scanner) result(p *page) error {
	if !utf8.Valid(s.text) {
		return errUnusual
	}
	for _, declaration := range declarations {
		if s.skip(declaration) {
			break
		}
	}
	s.space()
	s.encoded = bytes.Contains(s.text, []byte("<EncodingType>url</EncodingType>"))
	if err := s.root(); err != nil {
		return err
	}
	p.infos, p.truncated, p.token = p.infos[:0], false, ""
	if err := s.members(p); err != nil {
		return err
	}
	s.space()
	if s.at != len(s.text) {
		return errUnusual
	}
	return nil
}

// declarations are those that servers send; a document may be without one.
var declarations = []string{
	`<?xml version="1.0" encoding="UTF-8"?>`, `<?xml version="1.0" encoding="utf-8"?>`,
	`<?xml version='1.0' encoding='UTF-8'?>`, `<?xml version="1.0"?>`,
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

// Members of the root and of an entry, as bits.
const (
	sawTruncated, sawKey = 1 << iota, 1 << iota
	sawToken, sawETag
	sawEncoding, sawSize
	_, sawTime
)

// members reads what is in the root, up to its end tag.
func (s *scanner) members(p *page) error {
	seen := 0
	for {
		s.space()
		if s.skip("</ListBucketResult>") {
			if seen&sawTruncated == 0 || s.encoded != (seen&sawEncoding != 0) {
				return errUnusual
			}
			return nil
		}
		name, empty, err := s.open()
		if err != nil {
			return err
		}
		bit, err := s.member(p, name, empty)
		if err != nil || seen&bit != 0 {
			return errUnusual
		}
		seen |= bit
	}
}

func (s *scanner) member(p *page, name []byte, empty bool) (bit int, err error) {
	switch string(name) {
	case "Contents":
		if empty {
			return 0, errUnusual
		}
		return 0, s.contents(p)
	case "IsTruncated":
		value, err := s.value(name, empty, slotRest)
		p.truncated = string(value) == "true"
		if err == nil && !p.truncated && string(value) != "false" {
			err = errUnusual
		}
		return sawTruncated, err
	case "NextContinuationToken":
		value, err := s.value(name, empty, slotRest)
		p.token = string(value)
		return sawToken, err
	case "EncodingType":
		value, err := s.value(name, empty, slotRest)
		if string(value) != "url" {
			err = errUnusual
		}
		return sawEncoding, err
	}
	return 0, s.pass(name, empty, 0)
}

// contents reads one entry. Its key and ETag share one string.
func (s *scanner) contents(p *page) error {
	var e scanned
	seen := 0
	for {
		s.space()
		if s.skip("</Contents>") {
			break
		}
		name, empty, err := s.open()
		if err != nil {
			return err
		}
		bit, err := s.field(&e, name, empty)
		if err != nil || seen&bit != 0 {
			return errUnusual
		}
		seen |= bit
	}
	const needed = sawKey | sawETag | sawSize
	if seen&needed != needed || len(e.key) == 0 || len(e.etag) == 0 || e.etag[0] != '"' {
		return errUnusual
	}
	both := make([]byte, len(e.key)+len(e.etag))
	copy(both[copy(both, e.key):], e.etag)
	text := unsafe.String(unsafe.SliceData(both), len(both)) // both is not changed any more
	p.infos = append(p.infos, ports.ObjectInfo{
		Key: text[:len(e.key)], Version: ports.Version(text[len(e.key):]), Size: e.size, ModTime: e.at,
	})
	return nil
}

// scanned is an entry whose text still lies in the document.
type scanned struct {
	key, etag []byte
	size      int64
	at        time.Time
}

func (s *scanner) field(e *scanned, name []byte, empty bool) (bit int, err error) {
	switch string(name) {
	case "Key":
		if e.key, err = s.value(name, empty, slotKey); err == nil && s.encoded {
			e.key, err = s.unescape(e.key)
		}
		return sawKey, err
	case "ETag":
		e.etag, err = s.value(name, empty, slotETag)
		return sawETag, err
	case "Size":
		e.size, err = s.number(name, empty)
		return sawSize, err
	case "LastModified":
		e.at, err = s.moment(name, empty)
		return sawTime, err
	}
	return 0, s.pass(name, empty, 1)
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

// pass reads an element that is not needed.
func (s *scanner) pass(name []byte, empty bool, depth int) error {
	if empty {
		return nil
	}
	for depth < maxDepth {
		if _, err := s.run(slotRest); err != nil {
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
