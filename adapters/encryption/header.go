package encryption

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// magic begins with a byte that begins no text in UTF-8, so no JSON either.
const magic = "\x93SBENC"

const (
	formatVersion = 1
	headerLength  = 16 // of a stream, and the least of a document
)

// kind is the form of an object.
type kind byte

const (
	documentKind kind = 'd'
	streamKind   kind = 's'
)

// ErrNotEncrypted is the cause of ErrCorrupt where an object does not begin as
// those of this package do.
var ErrNotEncrypted = errors.New("the object is not encrypted")

// header is what every object begins with. It is authenticated as a whole.
type header struct {
	kind   kind
	key    KeyID
	length int // of the header in bytes
}

// append adds the header to b.
func (h header) append(b []byte) []byte {
	b = append(b, magic...)
	b = append(b, formatVersion, byte(h.kind))
	b = binary.BigEndian.AppendUint32(b, uint32(h.key))
	b = append(b, byte(h.length))
	return append(b, make([]byte, h.length-len(magic)-7)...)
}

// associated returns the associated data of an object with this header: it
// binds the object to its key.
func associated(header []byte, key string) []byte {
	return append(append(make([]byte, 0, len(header)+len(key)), header...), key...)
}

// isSealed reports whether an object begins like one of this package.
func isSealed(head []byte) bool {
	return len(head) >= len(magic) && string(head[:len(magic)]) == magic
}

// parseHeader reads the header that head, the beginning of an object, begins
// with. What it answers is not authenticated yet.
func parseHeader(head []byte) (header, error) {
	if !isSealed(head) {
		return header{}, ErrNotEncrypted
	}
	if len(head) < headerLength {
		return header{}, errors.New("the header is cut")
	}
	if version := head[6]; version != formatVersion {
		return header{}, fmt.Errorf("the format has version %d, this program knows %d", version, formatVersion)
	}
	h := header{kind: kind(head[7]), key: KeyID(binary.BigEndian.Uint32(head[8:])), length: int(head[12])}
	switch {
	case h.kind == documentKind && h.length >= headerLength && h.length < documentOverhead:
		return h, nil
	case h.kind == streamKind && h.length == headerLength:
		return h, nil
	}
	return header{}, fmt.Errorf("the header has kind %#x and length %d", byte(h.kind), h.length)
}

// fits reports whether an object of that many bytes can have this header: each
// size has one form.
func (h header) fits(sealed int64) bool {
	return (h.kind == documentKind) == (sealed <= documentLimit+documentOverhead)
}
