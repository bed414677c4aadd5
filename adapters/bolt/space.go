package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The file has one bucket with a record for each space, and one bucket for
// each set of each space, whose keys are the members. All of them are at the
// top level: each level of nesting would be one more page to write.
var spaceBucket = []byte("spaces")

// setPrefix keeps the names of sets apart from those of the other buckets.
const setPrefix = "set:"

// spacePrefix is what the names of all buckets of a space begin with. The
// length in front keeps spaces apart of which one begins with the other.
func spacePrefix(space string) string {
	return string(append(binary.AppendUvarint([]byte(setPrefix), uint64(len(space))), space...))
}

// record is what is known of a space. The records are held in memory, and in
// the file only while it is closed: 8 bytes, big endian, and the epoch.
type record struct {
	begins uint64
	epoch  string // empty until Install
}

// readSpaces reads the records of a file that was closed cleanly.
func readSpaces(tx *bbolt.Tx) (map[string]record, error) {
	spaces := make(map[string]record)
	bucket := tx.Bucket(spaceBucket)
	if bucket == nil {
		return spaces, nil
	}
	return spaces, bucket.ForEach(func(name, data []byte) (err error) {
		spaces[string(name)], err = decodeRecord(data)
		return err
	})
}

func (r record) encode() []byte {
	return append(binary.BigEndian.AppendUint64(nil, r.begins), r.epoch...)
}

func decodeRecord(data []byte) (record, error) {
	if len(data) < 8 {
		return record{}, &damage{fmt.Sprintf("the record of a space has %d bytes", len(data))}
	}
	return record{begins: binary.BigEndian.Uint64(data), epoch: string(data[8:])}, nil
}

// writeSpaces replaces all records.
func writeSpaces(tx *bbolt.Tx, spaces map[string]record) error {
	if err := tx.DeleteBucket(spaceBucket); err != nil && !errors.Is(err, bolterrors.ErrBucketNotFound) {
		return err
	}
	bucket, err := tx.CreateBucket(spaceBucket)
	for name, r := range spaces {
		if err == nil {
			err = bucket.Put([]byte(name), r.encode())
		}
	}
	return err
}

// under returns the record of a space that is under the regime, and ErrStale
// for every other. The caller holds the lock until its work is done.
func (x *Index) under(op, space string, regime ports.Regime) (record, error) {
	r := x.spaces[space]
	switch {
	case regime.Identity != x.identity:
		return r, ports.Fail(op, space, ports.ErrStale, errors.New("another identity"))
	case r.epoch == "" || r.epoch != regime.Epoch:
		return r, ports.Fail(op, space, ports.ErrStale, errors.New("another epoch"))
	}
	return r, nil
}
