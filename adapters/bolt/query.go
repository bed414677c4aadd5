package bolt

import (
	"bytes"
	"context"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

// Query copies the members of a range.
func (x *Index) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
	var page ports.EntryPage
	var found members
	begins, err := x.walk(ctx, "query", space, regime, r, func(member []byte) bool {
		if page.More = r.Limit > 0 && len(found.ends) == r.Limit; page.More {
			return false
		}
		found.add(member)
		return true
	})
	if err != nil {
		return ports.EntryPage{}, err
	}
	page.Begins = begins
	page.Members = found.split()
	return page, nil
}

// Count walks the range, since no number of it is kept.
func (x *Index) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error) {
	var count int64
	_, err := x.walk(ctx, "count", space, regime, r, func([]byte) bool {
		count++
		return true
	})
	if err != nil {
		return 0, err
	}
	return count, nil
}

// walk calls each with the members of the range until it answers false. What
// they are, the regime and the number of Begins are one state: the lock is
// held for reading all the time.
func (x *Index) walk(ctx context.Context, op, space string, regime ports.Regime, r ports.EntryRange, each func([]byte) bool) (begins uint64, err error) {
	if err := ports.ValidateRange(op, space, r); err != nil {
		return 0, err
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	if err := x.usable(ctx, op, space); err != nil {
		return 0, err
	}
	rec, err := x.under(op, space, regime)
	if err != nil {
		return 0, err
	}
	bucket := spacePrefix(space) + r.Set
	return rec.begins, x.view(op, space, func(tx *bbolt.Tx) error {
		set := layers{older: x.older.of(bucket).seek(r.From), newer: x.newer.of(bucket).seek(r.From)}
		if in := tx.Bucket([]byte(bucket)); in != nil {
			set.file = in.Cursor()
		}
		set.seek(r.From)
		for seen := 1; ; seen++ {
			member := set.next()
			if member == nil || (r.To != nil && bytes.Compare(member, r.To) >= 0) || !each(member) {
				return nil
			}
			if seen%1024 == 0 {
				if err := ports.ContextDone(ctx, op, space); err != nil {
					return err
				}
			}
		}
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
