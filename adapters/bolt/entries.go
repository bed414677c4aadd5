package bolt

import (
	"bytes"
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Install sets the epoch of a space. An empty epoch is refused with
// ErrInvalidKey: it would look like a space that has none.
func (x *Index) Install(ctx context.Context, space string, regime ports.Regime) error {
	switch {
	case !validName(space):
		return invalidName("install", space)
	case regime.Epoch == "":
		return ports.Fail("install", space, ports.ErrInvalidKey, errors.New("the epoch is empty"))
	}
	return x.update(&write{
		ctx: ctx, op: "install", key: space,
		check: func(*bbolt.Tx) error {
			if regime.Identity != x.identity {
				return ports.Fail("install", space, ports.ErrStale, errors.New("another identity"))
			}
			return nil
		},
		change: func(tx *bbolt.Tx) error {
			r, err := readRecord(tx, space)
			if err != nil {
				return err
			}
			r.epoch = regime.Epoch
			return writeRecord(tx, space, r)
		},
	})
}

// Begin adds entries and counts itself.
func (x *Index) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.change(ctx, "begin", space, regime, entries, func(tx *bbolt.Tx, r record) error {
		r.begins++
		if err := writeRecord(tx, space, r); err != nil {
			return err
		}
		return eachSet(space, entries, tx.CreateBucketIfNotExists, func(set *bbolt.Bucket, member []byte) error {
			return set.Put(member, nil)
		})
	})
}

// End removes entries.
func (x *Index) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.change(ctx, "end", space, regime, entries, func(tx *bbolt.Tx, _ record) error {
		find := func(name []byte) (*bbolt.Bucket, error) { return tx.Bucket(name), nil }
		return eachSet(space, entries, find, func(set *bbolt.Bucket, member []byte) error {
			if set == nil {
				return nil
			}
			return set.Delete(member)
		})
	})
}

// change runs a write that is only valid under a regime. Between the check
// and the work the transaction sees no other write.
func (x *Index) change(ctx context.Context, op, space string, regime ports.Regime, entries []ports.Entry, work func(*bbolt.Tx, record) error) error {
	if err := checkEntries(op, space, entries); err != nil {
		return err
	}
	var r record
	return x.update(&write{
		ctx: ctx, op: op, key: space,
		check:  func(tx *bbolt.Tx) (err error) { r, err = x.under(tx, op, space, regime); return err },
		change: func(tx *bbolt.Tx) error { return work(tx, r) },
	})
}

// eachSet calls fn with each member and the bucket of its set, which is looked
// up once for entries of one set in a row.
func eachSet(space string, entries []ports.Entry, find func([]byte) (*bbolt.Bucket, error), fn func(*bbolt.Bucket, []byte) error) error {
	var bucket *bbolt.Bucket
	for i, e := range entries {
		if i == 0 || e.Set != entries[i-1].Set {
			var err error
			if bucket, err = find(setName(space, e.Set)); err != nil {
				return err
			}
		}
		if err := fn(bucket, e.Member); err != nil {
			return err
		}
	}
	return nil
}

// Drop forgets a set, or a whole space.
func (x *Index) Drop(ctx context.Context, space, set string) error {
	if !validName(space) || (set != "" && !validName(set)) {
		return invalidName("drop", space)
	}
	return x.update(&write{
		ctx: ctx, op: "drop", key: space,
		change: func(tx *bbolt.Tx) error {
			if set == "" {
				return dropSpace(tx, space)
			}
			return dropBucket(tx, setName(space, set))
		},
	})
}

func dropSpace(tx *bbolt.Tx, space string) error {
	// Deleting a bucket disturbs a cursor, so the names are gathered first.
	var names [][]byte
	prefix := spacePrefix(space)
	cursor := tx.Cursor()
	for name, _ := cursor.Seek(prefix); bytes.HasPrefix(name, prefix); name, _ = cursor.Next() {
		names = append(names, bytes.Clone(name))
	}
	for _, name := range names {
		if err := dropBucket(tx, name); err != nil {
			return err
		}
	}
	if spaces := tx.Bucket(spaceBucket); spaces != nil {
		return spaces.Delete([]byte(space))
	}
	return nil
}

func dropBucket(tx *bbolt.Tx, name []byte) error {
	if err := tx.DeleteBucket(name); !errors.Is(err, bolterrors.ErrBucketNotFound) {
		return err
	}
	return nil
}
