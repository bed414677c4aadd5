package memory

import (
	"context"

	"github.com/smarterbase/smarterbase/ports"
)

// Query copies the members of a range.
func (x *Index) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (page ports.EntryPage, err error) {
	err = x.read(ctx, "query", space, regime, r, func(s *keyspace, set *ordered[struct{}]) {
		page.Begins = s.begins
		for member := range set.from(string(r.From)) {
			if r.To != nil && member >= string(r.To) {
				return
			}
			if r.Limit > 0 && len(page.Members) == r.Limit {
				page.More = true
				return
			}
			page.Members = append(page.Members, []byte(member))
		}
	})
	return page, err
}

// Count counts the members of a range without walking them.
func (x *Index) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (count int64, err error) {
	err = x.read(ctx, "count", space, regime, r, func(_ *keyspace, set *ordered[struct{}]) {
		end := set.len()
		if r.To != nil {
			end = set.before(string(r.To))
		}
		count = int64(max(0, end-set.before(string(r.From))))
	})
	return count, err
}

// read runs fn on the set under the lock for reading: the regime, the number
// of Begins and the members are looked at in one step. An absent set is empty.
func (x *Index) read(ctx context.Context, op, space string, regime ports.Regime, r ports.EntryRange, fn func(*keyspace, *ordered[struct{}])) error {
	if err := ports.ValidateRange(op, space, r); err != nil {
		return err
	}
	x.spaces.mu.RLock()
	defer x.spaces.mu.RUnlock()
	if err := x.open(ctx, op, space); err != nil {
		return err
	}
	s, err := x.spaces.under(op, space, regime)
	if err != nil {
		return err
	}
	set, found := s.sets[r.Set]
	if !found {
		set = &ordered[struct{}]{}
	}
	fn(s, set)
	return nil
}
