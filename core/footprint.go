package core

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// predicate is a query inside a transaction: what it asks, and what it saw.
type predicate struct {
	ask   *runner // its limit and order left out
	first *footprint
}

// footprint is what one run of a query saw of a collection.
type footprint struct {
	mu       sync.Mutex
	seen     map[string]sight // by document id, of all candidates
	counter  index.Counter    // zero for a scan
	conflict string           // a document that another transaction has locked
}

// sight is one candidate as it was read.
type sight struct {
	revision revision.Revision
	matched  bool
	own      bool // locked by the transaction itself
	inFlight bool // all entries that led here are newer than the document
	failed   bool // it could not be read
}

// note records one candidate.
func (f *footprint) note(o *outcome) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if o.locked != "" {
		f.conflict = o.read.id
	}
	s := sight{revision: o.read.revision, matched: o.matched, own: o.own, failed: o.err != nil}
	if o.candidate != nil && !s.failed {
		s.inFlight = o.candidate.AllNewer(o.read.revision)
	}
	f.seen[o.read.id] = s
}

// agrees reports whether a later run found what an earlier one did: the same
// documents that match, at the same revisions. A candidate that does not match
// counts as well: it may have matched in between, unless it was seen before as it
// is, or is named by writes alone that have not happened yet. What the
// transaction itself has locked can't have changed since.
func (f *footprint) agrees(earlier *footprint) bool {
	if f.conflict != "" {
		return false
	}
	for id, s := range f.seen {
		before, known := earlier.seen[id]
		switch {
		case s.matched && (!known || !before.matched || before.revision != s.revision):
			return false
		case s.matched || s.own || s.inFlight || known && before.revision == s.revision && before.failed == s.failed:
		default:
			return false
		}
	}
	for id, before := range earlier.seen {
		if before.matched && !f.seen[id].matched {
			return false
		}
	}
	return true
}

// look runs the predicate once more, as a transaction that is about to commit.
func (p *predicate) look(ctx context.Context, tx *Tx) (*footprint, error) {
	again := p.ask.fork()
	again.strict, again.self = true, tx.id
	again.yield = func(hit, error) bool { return true }
	if err := again.run(ctx); err != nil {
		return nil, err
	}
	return again.print, nil
}

var errPhantom = fmt.Errorf("what a query of the transaction answers has changed: %w", ports.ErrPrecondition)

// validateQueries runs every query again. With several of them there must be
// one moment at which all answers hold, so nothing may have been added to an
// index between two looks at it: since the first run, or, where the transaction
// itself added entries, between two more.
func (tx *Tx) validateQueries(ctx context.Context) error {
	if len(tx.predicates) == 0 {
		return nil
	}
	first := make([]*footprint, len(tx.predicates))
	for i, p := range tx.predicates {
		first[i] = p.first
	}
	once, err := tx.lookAgain(ctx, first)
	if err != nil || len(once) == 1 || steady(first, once) {
		return err
	}
	twice, err := tx.lookAgain(ctx, first)
	if err != nil {
		return err
	}
	if !steady(once, twice) {
		return errPhantom
	}
	return nil
}

func (tx *Tx) lookAgain(ctx context.Context, first []*footprint) ([]*footprint, error) {
	prints := make([]*footprint, len(first))
	for i, p := range tx.predicates {
		var err error
		if prints[i], err = p.look(ctx, tx); err != nil {
			return nil, err
		}
		if !prints[i].agrees(first[i]) {
			return nil, errPhantom
		}
	}
	return prints, nil
}

// steady reports whether nothing came between two passes to what all queries but
// the first looked at.
func steady(a, b []*footprint) bool {
	for i := range a {
		if i > 0 && !b[i].follows(a[i]) {
			return false
		}
	}
	return true
}

// follows reports whether no document can have matched between two runs that
// agree: none was added to the index, and what was under way in the earlier run
// still is; it may otherwise have come and gone.
func (f *footprint) follows(earlier *footprint) bool {
	for id, before := range earlier.seen {
		if _, known := f.seen[id]; before.inFlight && !known {
			return false
		}
	}
	return f.counter == earlier.counter
}

// query runs a query inside the transaction: over the store first, which is
// what will be validated, and then over what the transaction has written.
func (tx *Tx) query(ctx context.Context, r *runner) error {
	if err := tx.accepts(r.docs, ""); err != nil {
		return err
	}
	p := &predicate{ask: r}
	run := r.fork()
	var found []hit
	var failures []error
	run.yield = func(h hit, err error) bool {
		if err != nil {
			failures = append(failures, err)
		} else {
			found = append(found, h)
		}
		return true
	}
	err := run.run(ctx)
	r.profile = run.profile
	if err != nil {
		return err
	}
	p.first = run.print
	tx.mu.Lock()
	tx.predicates = append(tx.predicates, p)
	tx.mu.Unlock()
	if found, err = tx.overlay(r, found); err != nil {
		return err
	}
	r.profile.Matched = len(found)
	return r.deliver(found, failures)
}

// overlay replaces documents by what the transaction has made of them.
func (tx *Tx) overlay(r *runner, found []hit) ([]hit, error) {
	tx.mu.Lock()
	own := make(map[string]current)
	for _, e := range tx.entries {
		if e.written && e.docs == r.docs {
			own[e.base.id] = e.next
		}
	}
	tx.mu.Unlock()
	found = slices.DeleteFunc(found, func(h hit) bool { _, ours := own[h.read.id]; return ours })
	for _, id := range slices.Sorted(maps.Keys(own)) {
		o := outcome{hit: hit{read: own[id]}}
		if o.read.members == nil {
			continue
		}
		if err := r.decide(&o); err != nil {
			return nil, readFail("query", r.docs.name, id, err)
		}
		if o.matched {
			found = append(found, o.hit)
		}
	}
	return found, nil
}
