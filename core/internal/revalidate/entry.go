package revalidate

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// An entry is the magic, a checksum, the time of modification, the length of
// the version, the version and the bytes.
const (
	magic      = "sb1\n"
	headBytes  = len(magic) + 4
	fixedBytes = headBytes + 8 + 2
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func encode(name string, object *ports.Object) []byte {
	entry := make([]byte, 0, fixedBytes+len(object.Version)+len(object.Data))
	entry = append(entry, magic...)
	entry = append(entry, 0, 0, 0, 0)
	entry = binary.BigEndian.AppendUint64(entry, uint64(object.ModTime.UnixNano()))
	entry = binary.BigEndian.AppendUint16(entry, uint16(len(object.Version)))
	entry = append(entry, object.Version...)
	entry = append(entry, object.Data...)
	binary.BigEndian.PutUint32(entry[len(magic):], checksum(name, entry))
	return entry
}

// decode takes an entry apart. It is false for everything that encode did not
// make under that name.
func decode(name, key string, entry []byte) (object ports.Object, ok bool) {
	if len(entry) < fixedBytes || !bytes.HasPrefix(entry, []byte(magic)) {
		return object, false
	}
	if binary.BigEndian.Uint32(entry[len(magic):]) != checksum(name, entry) {
		return object, false
	}
	modified := int64(binary.BigEndian.Uint64(entry[headBytes:]))
	end := fixedBytes + int(binary.BigEndian.Uint16(entry[headBytes+8:]))
	if end == fixedBytes || end > len(entry) {
		return object, false
	}
	object.Key, object.Version = key, ports.Version(entry[fixedBytes:end])
	object.Data = entry[end:]
	object.Size = int64(len(object.Data))
	object.ModTime = time.Unix(0, modified)
	return object, true
}

func checksum(name string, entry []byte) uint32 {
	return crc32.Update(crc32.Checksum([]byte(name), castagnoli), castagnoli, entry[headBytes:])
}
