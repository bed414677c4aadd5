package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"
)

// The mark says whether the content can be trusted. While a file is in use it
// is not synced, so after a crash of the machine any page may be old, new or
// torn. The mark "open" is made durable before the first such write, and the
// mark "clean" only together with, and after, everything else.
var (
	markBucket  = []byte("mark")
	keyFormat   = []byte("format")
	keyIdentity = []byte("identity")
	keyState    = []byte("state")

	format = []byte("smarterbase index 1")
)

const (
	stateOpen  = "open"
	stateClean = "clean"
)

// stateOf binds a state to the transaction that writes it. After a power
// failure the newest meta page may be on the disk while the root page it names
// is not; what is there instead may be the root of an earlier transaction, and
// even of the one that closed the file last time.
func stateOf(tx *bbolt.Tx, state string) string {
	return state + " " + strconv.Itoa(tx.ID())
}

// errUntrusted says that a file is of this package, but may have lost
// something, and has to be made anew.
var errUntrusted = errors.New("the index was not closed cleanly")

// readMark returns the identity of a file that was closed cleanly, and empty
// for one that was just made.
func readMark(tx *bbolt.Tx) (identity string, err error) {
	mark := tx.Bucket(markBucket)
	switch {
	case mark == nil:
		if first, _ := tx.Cursor().First(); first != nil {
			// A bolt file of somebody else, or, after a power failure, a root
			// page of which only the place in the file is right.
			return "", &damage{"it is no index"}
		}
		return "", nil
	case !bytes.Equal(mark.Get(keyFormat), format):
		return "", fmt.Errorf("%w: its format is %q", errUntrusted, mark.Get(keyFormat))
	case string(mark.Get(keyState)) != stateOf(tx, stateClean):
		return "", errUntrusted
	case len(mark.Get(keyIdentity)) == 0:
		return "", fmt.Errorf("%w: it has no identity", errUntrusted)
	}
	return string(mark.Get(keyIdentity)), nil
}

// writeMark is durable when it returns, after everything written before it:
// bbolt syncs the file, then writes the meta page that makes the mark valid,
// then syncs again.
func writeMark(db *bbolt.DB, identity, state string, more func(*bbolt.Tx) error) error {
	db.NoSync = false
	return db.Update(func(tx *bbolt.Tx) error {
		if err := more(tx); err != nil {
			return err
		}
		mark, err := tx.CreateBucketIfNotExists(markBucket)
		if err != nil {
			return err
		}
		return errors.Join(
			mark.Put(keyFormat, format),
			mark.Put(keyIdentity, []byte(identity)),
			mark.Put(keyState, []byte(stateOf(tx, state))))
	})
}

// markOpen writes the mark twice, because bbolt keeps two meta pages and falls
// back to the older one if the newer one is torn: neither of them may lead to
// a clean mark any more. From then on nothing is synced.
func markOpen(db *bbolt.DB, identity string) error {
	for range 2 {
		if err := writeMark(db, identity, stateOpen, func(*bbolt.Tx) error { return nil }); err != nil {
			return err
		}
	}
	db.NoSync = true
	return nil
}

// markClean also writes the list of free pages, which is left out before, so
// that the next Open need not scan the file for it, and the records of spaces.
func markClean(db *bbolt.DB, identity string, spaces map[string]record) error {
	db.NoFreelistSync = false
	return writeMark(db, identity, stateClean, func(tx *bbolt.Tx) error { return writeSpaces(tx, spaces) })
}

// verify walks the whole file and compares neighbours: what is out of order
// was not written by bbolt. It runs in the goroutine of its caller, unlike the
// check that bbolt has, so that guarded can catch what it meets.
func verify(tx *bbolt.Tx) error {
	return tx.ForEach(func(name []byte, bucket *bbolt.Bucket) error {
		if bucket == nil {
			return &damage{fmt.Sprintf("%q is no bucket", name)}
		}
		var previous []byte
		cursor := bucket.Cursor()
		for key, _ := cursor.First(); key != nil; key, _ = cursor.Next() {
			if bytes.Compare(previous, key) >= 0 {
				return &damage{fmt.Sprintf("the entries of %q are out of order", name)}
			}
			previous = key
		}
		return nil
	})
}
