package index

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/smarterbase/smarterbase/core/internal/tuple"
	"github.com/smarterbase/smarterbase/ports"
)

// MaxPartitions is the greatest number of partitions of a space.
const MaxPartitions = 256

// placeMark stands between an epoch and where its entries are, and between the
// parts of the name of a space. It occurs in none of them.
const placeMark = "#"

// regime is what the index must be in. Its epoch also tells where the entries
// are, so that every call for the manifest goes there: in spaces that no other
// database on the same index has, and in how many partitions.
func (m *Manifest) regime() ports.Regime {
	regime := ports.Regime{Epoch: m.Epoch, Identity: m.Identity}
	switch {
	case m.Partitions > 1:
		regime.Epoch += placeMark + m.Place + "/" + strconv.Itoa(m.Partitions)
	case m.Place != "":
		regime.Epoch += placeMark + m.Place
	}
	return regime
}

// Partitioned puts the spaces of an index where the epoch of the regime says,
// and divides them by document id into as many parts, so that they can live on
// several nodes. All entries of a document are in one partition, and each call about
// one document stays one atomic round trip. Queries ask all partitions at once;
// what they promise, they promise for each document.
//
// A partition that has lost its epoch is stale, and so is the whole.
func Partitioned(inner ports.Index) ports.Index {
	if inner == nil {
		return nil
	}
	return partitioned{inner}
}

type partitioned struct{ ports.Index }

// division is a space and into how many partitions it is divided.
type division struct {
	space string
	count int
}

// divide reads from an epoch where a space is, and in how many partitions.
func divide(space, epoch string) division {
	_, where, _ := strings.Cut(epoch, placeMark)
	place, text, _ := strings.Cut(where, "/")
	if place != "" {
		space += placeMark + place
	}
	if count, err := strconv.Atoi(text); err == nil && count > 1 {
		return division{space, count}
	}
	return division{space, 1}
}

// name is the space of one partition: "users#6h0th9rkeje1g#3/7" is the fourth
// of seven.
func (d division) name(i int) string {
	if d.count == 1 {
		return d.space
	}
	return d.space + placeMark + strconv.Itoa(i) + "/" + strconv.Itoa(d.count)
}

// of is the partition of a document: the FNV-1a hash of its id, modulo the
// count. Every program must find a document's entries where another one put
// them, so this never changes.
func (d division) of(id string) int {
	hash := uint32(2166136261)
	for i := range len(id) {
		hash = (hash ^ uint32(id[i])) * 16777619
	}
	return int(hash % uint32(d.count))
}

// each calls do for all partitions at once, and answers its errors.
func (d division) each(do func(i int, space string) error) []error {
	errs := make([]error, d.count)
	if d.count == 1 {
		errs[0] = do(0, d.space)
		return errs
	}
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = do(i, d.name(i)) })
	}
	group.Wait()
	return errs
}

// Install sets the epoch of each partition, once. If only some are known to have
// it, the outcome is unknown: an install is not repeated, see Holder.install.
func (p partitioned) Install(ctx context.Context, space string, regime ports.Regime) error {
	errs := divide(space, regime.Epoch).each(func(_ int, part string) error {
		return p.Index.Install(ctx, part, regime)
	})
	err := worst(errs)
	if err != nil && slices.Contains(errs, nil) && !errors.Is(err, ports.ErrStale) {
		return ports.Fail("install", space, ports.ErrUnknown, err)
	}
	return err
}

// Begin adds the entries of each document in one step.
func (p partitioned) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return p.change(ctx, space, regime, entries, p.Index.Begin)
}

// End removes the entries of each document in one step.
func (p partitioned) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return p.change(ctx, space, regime, entries, p.Index.End)
}

func (p partitioned) change(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry, do func(context.Context, string, ports.Regime, []ports.Entry) error) error {
	d := divide(space, regime.Epoch)
	if d.count == 1 {
		return do(ctx, d.space, regime, entries)
	}
	shares := make(map[int][]ports.Entry, 1)
	for _, entry := range entries {
		_, id, _, err := tuple.Split(entry.Member)
		if err != nil {
			return ports.Fail("change", space, ports.ErrInvalidKey, err)
		}
		shares[d.of(id)] = append(shares[d.of(id)], entry)
	}
	if len(shares) == 1 {
		for i, share := range shares {
			return do(ctx, d.name(i), regime, share)
		}
	}
	return worst(d.each(func(i int, part string) error {
		if len(shares[i]) == 0 {
			return nil
		}
		return do(ctx, part, regime, shares[i])
	}))
}

// Query merges the answers of all partitions. The sum of their Begins is the
// same again only if each of them is.
func (p partitioned) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (merged ports.EntryPage, err error) {
	d := divide(space, regime.Epoch)
	if d.count == 1 {
		return p.Index.Query(ctx, d.space, regime, r)
	}
	pages := make([]ports.EntryPage, d.count)
	err = worst(d.each(func(i int, part string) (err error) {
		pages[i], err = p.Index.Query(ctx, part, regime, r)
		return err
	}))
	if err != nil {
		return merged, err
	}
	for _, page := range pages {
		merged.Members = append(merged.Members, page.Members...)
		merged.Begins += page.Begins
		merged.More = merged.More || page.More
	}
	slices.SortFunc(merged.Members, bytes.Compare)
	if r.Limit > 0 && len(merged.Members) > r.Limit {
		merged.Members, merged.More = merged.Members[:r.Limit], true
	}
	return merged, nil
}

// Count is the sum over all partitions.
func (p partitioned) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (sum int64, err error) {
	d := divide(space, regime.Epoch)
	counts := make([]int64, d.count)
	err = worst(d.each(func(i int, part string) (err error) {
		counts[i], err = p.Index.Count(ctx, part, regime, r)
		return err
	}))
	if err != nil {
		return 0, err
	}
	for _, count := range counts {
		sum += count
	}
	return sum, nil
}

// worst answers the error that says most about the whole: one stale partition
// makes all stale, and one unknown outcome makes that of the whole unknown.
func worst(errs []error) (found error) {
	for _, kind := range []error{ports.ErrStale, ports.ErrUnknown} {
		for _, err := range errs {
			if errors.Is(err, kind) {
				return err
			}
		}
	}
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
