package bolt

import (
	"bytes"
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

// Query copies the members of a range out of the file.
func (x *Index) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
	var page ports.EntryPage
	var found members
	err := x.walk(ctx, "query", space, regime, r, func(begins uint64) { page.Begins = begins }, func(member []byte) bool {
		if page.More = r.Limit > 0 && len(found.ends) == r.Limit; page.More {
			return false
		}
		found.add(member)
		return true
	})
	if err != nil {
		return ports.EntryPage{}, err
	}
	page.Members = found.split()
	return page, nil
}

// Count walks the range, since the file keeps no number of it.
func (x *Index) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error) {
	var count int64
	err := x.walk(ctx, "count", space, regime, r, func(uint64) {}, func([]byte) bool {
		count++
		return true
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

// walk calls begins once, and each with the members of the range until it
// answers false, all in one transaction. The members are memory of bbolt.
func (x *Index) walk(ctx context.Context, op, space string, regime ports.Regime, r ports.EntryRange, begins func(uint64), each func(member []byte) bool) error {
	switch {
	case !validName(space) || !validName(r.Set):
		return invalidName(op, space)
	case r.Limit < 0:
		return ports.Fail(op, space, ports.ErrInvalidKey, errors.New("the limit is negative"))
	}
	return x.view(ctx, op, space, func(tx *bbolt.Tx) error {
		rec, err := x.under(tx, op, space, regime)
		if err != nil {
			return err
		}
		begins(rec.begins)
		set := tx.Bucket(setName(space, r.Set))
		if set == nil {
			return nil
		}
		cursor := set.Cursor()
		seen := 0
		for member, _ := cursor.Seek(r.From); member != nil; member, _ = cursor.Next() {
			if (r.To != nil && bytes.Compare(member, r.To) >= 0) || !each(member) {
				return nil
			}
			if seen++; seen%1024 == 0 {
				if err := ports.ContextDone(ctx, op, space); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// members gathers copies in one piece of memory: one allocation now and then
// instead of one for each.
type members struct {
	data []byte
	ends []int
}

func (m *members) add(member []byte) {
	m.data = append(m.data, member...)
	m.ends = append(m.ends, len(m.data))
}

// split cuts the piece up, with no room behind a member that an append of the
// caller could use.
func (m *members) split() [][]byte {
	if len(m.ends) == 0 {
		return nil
	}
	split := make([][]byte, len(m.ends))
	start := 0
	for i, end := range m.ends {
		split[i] = m.data[start:end:end]
		start = end
	}
	return split
}
