package redis

import (
	"context"
	"errors"
	"strconv"

	"github.com/smarterbase/smarterbase/ports"
)

// Query reads one range of one set, in one request whatever its length.
func (x *Index) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
	if err := ports.ValidateRange("query", space, r); err != nil {
		return ports.EntryPage{}, err
	}
	least, greatest := bounds(r)
	values, err := x.call(ctx, "query", space, queryScript, x.ranged(space, r), regime.Epoch, regime.Identity, least, greatest, r.Limit)
	if err != nil {
		return ports.EntryPage{}, err
	}
	page, err := pageOf(values)
	if err != nil {
		return ports.EntryPage{}, ports.Fail("query", space, ports.ErrCorrupt, err)
	}
	return page, nil
}

// pageOf reads members, the number of Begins, and whether there is more.
func pageOf(values []string) (ports.EntryPage, error) {
	n := len(values) - 2
	if n < 0 {
		return ports.EntryPage{}, errors.New("the script answered too little")
	}
	begins, err := strconv.ParseUint(values[n], 10, 64)
	if err != nil {
		return ports.EntryPage{}, err
	}
	page := ports.EntryPage{Begins: begins, More: values[n+1] == "more"}
	if n > 0 {
		page.Members = make([][]byte, n)
		for i, member := range values[:n] {
			page.Members[i] = []byte(member)
		}
	}
	return page, nil
}

// Count counts one range of one set.
func (x *Index) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error) {
	if err := ports.ValidateRange("count", space, r); err != nil {
		return 0, err
	}
	least, greatest := bounds(r)
	values, err := x.call(ctx, "count", space, countScript, x.ranged(space, r), regime.Epoch, regime.Identity, least, greatest)
	if err != nil {
		return 0, err
	}
	if len(values) != 1 {
		return 0, ports.Fail("count", space, ports.ErrCorrupt, errors.New("the script answered too little"))
	}
	n, err := strconv.ParseInt(values[0], 10, 64)
	if err != nil {
		return 0, ports.Fail("count", space, ports.ErrCorrupt, err)
	}
	return n, nil
}

func (x *Index) ranged(space string, r ports.EntryRange) []string {
	return []string{x.head(space), x.set(space, r.Set)}
}

// bounds writes a range as the server reads it: a bracket in front of a bound
// that is part of the range, a parenthesis in front of one that is not, and
// signs for no bound. What follows may hold any byte.
func bounds(r ports.EntryRange) (least, greatest string) {
	least, greatest = "-", "+"
	if r.From != nil {
		least = "[" + string(r.From)
	}
	if r.To != nil {
		greatest = "(" + string(r.To)
	}
	return least, greatest
}
