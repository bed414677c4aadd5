package index

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tuple"
	"github.com/smarterbase/smarterbase/ports"
)

// Candidate is a document that may match, with the entries that say so.
type Candidate struct {
	ID      string
	members [][]byte // under the same id
}

// Range is a half-open range of an index; a nil To has no end.
type Range struct{ From, To []byte }

// Choice is the index that serves a query, and the ranges that hold all
// documents that can match.
type Choice struct {
	Definition
	Ranges []Range
}

// Candidates is the answer of an index to one query.
type Candidates struct {
	Documents []Candidate
	Index     string // name of the index
	Trips     int    // round trips to the index
	Counter   Counter

	holder *Holder
	view   *view
	set    string
	exact  bool
}

// Counter tells whether entries were added to an index between two answers: none
// were if their counters are equal.
type Counter struct {
	Epoch  string
	Begins uint64
}

// AllNewer reports whether every entry of the candidate is of a write that came
// after that revision, or is under way.
func (c *Candidate) AllNewer(current revision.Revision) bool {
	for _, member := range c.members {
		if _, _, rev, err := tuple.Split(member); err != nil || rev <= current {
			return false
		}
	}
	return len(c.members) > 0
}

// Plan chooses among the indexes that are ready; ok is false if none serves.
type Plan func(ready []Definition) (choice Choice, ok bool)

// ScanReason says why a query reads all documents. It is not an error of the
// query.
type ScanReason struct {
	Reason string
	Reads  int // of the manifest, before that was known
}

// Error is the reason.
func (r *ScanReason) Error() string { return r.Reason }

// queryRounds bounds how often a query asks again because regimes change.
const queryRounds = 4

// errRestless: the parts of an index never were still for as long as it takes to
// ask all of them.
var errRestless = fmt.Errorf("entries were added while the parts of an index were asked: %w", ports.ErrPrecondition)

// Query asks the index which documents may match. A *ScanReason means that
// the caller must scan. With exact, all candidates of one moment are among the
// answer, also where the index is in parts; if others add entries all the time, the
// error then matches ports.ErrPrecondition.
func (h *Holder) Query(ctx context.Context, plan Plan, exact bool) (*Candidates, error) {
	if h.Index == nil {
		return nil, &ScanReason{Reason: "the database was opened without an index"}
	}
	c := &Candidates{holder: h, exact: exact}
	for range queryRounds {
		v, choice, err := h.choose(ctx, plan)
		if err != nil {
			return nil, err
		}
		c.view, c.Index, c.set = v, choice.Name, choice.Set()
		err = c.read(ctx, choice.Ranges)
		if err == nil {
			return c, nil
		}
		if errors.Is(err, ports.ErrStale) {
			err = h.resolve(ctx, v, "a query found the index in another regime")
		}
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, errRestless):
			return nil, err
		case err != nil:
			return nil, &ScanReason{Reason: err.Error()}
		}
	}
	return nil, &ScanReason{Reason: "the index changes its regime faster than it can be read"}
}

// choose lets the plan choose, by the manifest as last read, or if that has
// nothing to offer, as it is now.
func (h *Holder) choose(ctx context.Context, plan Plan) (*view, Choice, error) {
	if v := h.current.Load(); v != nil {
		if choice, reason := v.choose(plan); reason == "" {
			return v, choice, nil
		}
	}
	v, err := h.fetch(ctx)
	if err != nil {
		return nil, Choice{}, err
	}
	choice, reason := v.choose(plan)
	if reason != "" {
		h.startBuild(v)
		h.resume(v)
		return nil, Choice{}, &ScanReason{Reason: reason, Reads: 1}
	}
	return v, choice, nil
}

func (v *view) choose(plan Plan) (choice Choice, reason string) {
	switch {
	case v.bare():
		return choice, "the collection has no index"
	case v.manifest.Off:
		return choice, "the indexes are turned off"
	}
	ready := make([]Definition, 0, len(v.manifest.Indexes))
	for _, x := range v.manifest.Indexes {
		if x.State == StateReady {
			ready = append(ready, x.Definition)
		}
	}
	choice, ok := plan(ready)
	switch {
	case ok:
		return choice, ""
	case len(ready) < len(v.manifest.Indexes):
		return choice, "no index that serves the query is ready yet"
	default:
		return choice, "no index serves the query"
	}
}

// read asks for all ranges. One range is one atomic answer. Several are as
// good as one if no entry was added in between, which the count of Begins
// tells; otherwise a document could move from a range that is still to be
// read to one that was read already. If that happens again and again, one
// range over all of them is read instead.
func (c *Candidates) read(ctx context.Context, ranges []Range) error {
	for range queryRounds {
		pages := make([]ports.EntryPage, len(ranges))
		steady := true
		for i, r := range ranges {
			var err error
			if pages[i], err = c.page(ctx, r); err != nil {
				return err
			}
			steady = steady && pages[i].Begins == pages[0].Begins
		}
		if steady && len(ranges) > 0 {
			var err error
			if steady, err = c.still(ctx, pages[0].Begins); err != nil {
				return err
			}
		}
		if steady {
			return c.collect(pages)
		}
	}
	page, err := c.page(ctx, hull(ranges))
	if err != nil {
		return err
	}
	switch still, err := c.still(ctx, page.Begins); {
	case err != nil:
		return err
	case !still:
		return errRestless
	}
	page.Members = slices.DeleteFunc(page.Members, func(member []byte) bool {
		return !slices.ContainsFunc(ranges, func(r Range) bool { return r.holds(member) })
	})
	return c.collect([]ports.EntryPage{page})
}

// still reports whether the answers so far hold all candidates of one moment.
// Those of several parts do if no entry was added to any of them until all had
// answered.
func (c *Candidates) still(ctx context.Context, begins uint64) (bool, error) {
	if !c.exact || c.view.manifest.Partitions <= 1 {
		return true, nil
	}
	page, err := c.page(ctx, Range{From: []byte{1}, To: []byte{1}})
	return err == nil && page.Begins == begins, err
}

func (r Range) holds(member []byte) bool {
	return bytes.Compare(member, r.From) >= 0 && (r.To == nil || bytes.Compare(member, r.To) < 0)
}

func hull(ranges []Range) Range {
	all := ranges[0]
	for _, r := range ranges[1:] {
		if bytes.Compare(r.From, all.From) < 0 {
			all.From = r.From
		}
		if all.To != nil && (r.To == nil || bytes.Compare(r.To, all.To) > 0) {
			all.To = r.To
		}
	}
	return all
}

func (c *Candidates) page(ctx context.Context, r Range) (page ports.EntryPage, err error) {
	h := c.holder
	c.Trips++
	err = h.Registers.Retry.Do(ctx, "index query", h.space, func() (err error) {
		page, err = h.Index.Query(ctx, h.space, c.view.regime(), ports.EntryRange{Set: c.set, From: r.From, To: r.To})
		return err
	})
	return page, h.classify(ctx, err)
}

// collect joins the entries of each document.
func (c *Candidates) collect(pages []ports.EntryPage) error {
	if len(pages) > 0 { // nothing can match where there is no range
		c.Counter = Counter{Epoch: c.view.regime().Epoch, Begins: pages[0].Begins}
	}
	at := make(map[string]int)
	for _, page := range pages {
		for _, member := range page.Members {
			_, id, _, err := tuple.Split(member)
			if err != nil {
				return fmt.Errorf("index %s: %w", c.Index, err)
			}
			i, seen := at[id]
			if !seen {
				i = len(c.Documents)
				at[id] = i
				c.Documents = append(c.Documents, Candidate{ID: id})
			}
			c.Documents[i].members = append(c.Documents[i].members, member)
		}
	}
	x, _ := c.view.manifest.find(c.set)
	for _, id := range x.Unreadable {
		if _, seen := at[id]; !seen {
			c.Documents = append(c.Documents, Candidate{ID: id})
		}
	}
	return nil
}

// Confirm reads the manifest after the index answered, and reports whether
// the answer still counts. It can run while documents are being read.
func (c *Candidates) Confirm(ctx context.Context) (bool, error) {
	now, err := c.holder.fetch(ctx)
	if err != nil || !now.usable() || now.regime() != c.view.regime() {
		return false, err
	}
	x, found := now.manifest.find(c.set)
	return found && x.State == StateReady, nil
}

// Seen tells that a candidate was read after the index answered, and had that
// revision. Entries with a smaller one are dead: no write can bring them to
// life, since revisions only grow. They are removed in the background; greater
// ones may be writes in flight and are left alone.
func (c *Candidates) Seen(candidate *Candidate, current revision.Revision) {
	var dead []ports.Entry
	for _, member := range candidate.members {
		if _, _, rev, err := tuple.Split(member); err == nil && rev < current {
			dead = append(dead, ports.Entry{Set: c.set, Member: member})
		}
	}
	if len(dead) > 0 {
		c.holder.Ender.AddDead(c.holder.space, c.view.regime(), dead)
	}
}
