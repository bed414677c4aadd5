package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

// The file has one bucket with a record for each space, and one bucket for
// each set of each space, whose keys are the members. All of them are at the
// top level: each level of nesting would be one more page to write at each
// commit.
var spaceBucket = []byte("spaces")

// setPrefix keeps the names of sets apart from those of the other buckets.
const setPrefix = "set:"

// spacePrefix is what the names of all buckets of a space begin with. The
// length in front keeps spaces apart of which one begins with the other.
func spacePrefix(space string) []byte {
	return append(binary.AppendUvarint([]byte(setPrefix), uint64(len(space))), space...)
}

func setName(space, set string) []byte { return append(spacePrefix(space), set...) }

// record is what is stored of a space: 8 bytes, big endian, and the epoch.
type record struct {
	begins uint64
	epoch  string // empty until Install
}

func readRecord(tx *bbolt.Tx, space string) (record, error) {
	bucket := tx.Bucket(spaceBucket)
	if bucket == nil {
		return record{}, nil
	}
	switch data := bucket.Get([]byte(space)); {
	case data == nil:
		return record{}, nil
	case len(data) < 8:
		return record{}, &damage{fmt.Sprintf("the record of a space has %d bytes", len(data))}
	default:
		return record{begins: binary.BigEndian.Uint64(data), epoch: string(data[8:])}, nil
	}
}

func writeRecord(tx *bbolt.Tx, space string, r record) error {
	bucket, err := tx.CreateBucketIfNotExists(spaceBucket)
	if err != nil {
		return err
	}
	return bucket.Put([]byte(space), append(binary.BigEndian.AppendUint64(nil, r.begins), r.epoch...))
}

// under returns the record of a space that is under the regime, and ErrStale
// for every other. It runs in the transaction that does the work.
func (x *Index) under(tx *bbolt.Tx, op, space string, regime ports.Regime) (record, error) {
	if regime.Identity != x.identity {
		return record{}, ports.Fail(op, space, ports.ErrStale, errors.New("another identity"))
	}
	r, err := readRecord(tx, space)
	if err == nil && (r.epoch == "" || r.epoch != regime.Epoch) {
		err = ports.Fail(op, space, ports.ErrStale, errors.New("another epoch"))
	}
	return r, err
}

// maxNameBytes bounds the names of spaces and sets.
const maxNameBytes = 1024

func validName(name string) bool {
	return name != "" && len(name) <= maxNameBytes && utf8.ValidString(name)
}

func invalidName(op, space string) error {
	return ports.Fail(op, space, ports.ErrInvalidKey,
		fmt.Errorf("spaces and sets are valid UTF-8 of 1 to %d bytes", maxNameBytes))
}

// checkEntries refuses what the contract of Index calls invalid.
func checkEntries(op, space string, entries []ports.Entry) error {
	if !validName(space) {
		return invalidName(op, space)
	}
	for _, e := range entries {
		if !validName(e.Set) {
			return invalidName(op, space)
		}
		if len(e.Member) == 0 || len(e.Member) > ports.MaxMemberBytes {
			return ports.Fail(op, space, ports.ErrInvalidKey,
				fmt.Errorf("a member has %d bytes, not 1 to %d", len(e.Member), ports.MaxMemberBytes))
		}
	}
	return nil
}
