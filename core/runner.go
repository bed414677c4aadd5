package core

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

// runner is one run of a query, below its types.
type runner struct {
	docs     *documents
	filter   filter
	residual func(read *current) (decoded any, ok bool, err error)
	order    ordering
	limit    int
	yield    func(hit, error) bool
	reads    *cas.Registers

	// In a transaction:
	print  *footprint // what the run sees
	strict bool       // other transactions are not waited for, but noted
	self   string     // the transaction's own id

	profile Profile
	best    *best // where there is an order
	yielded int
	stopped bool // the reader left, or the limit is reached
}

// hit is a document that was read, and matched.
type hit struct {
	read    current
	key     []byte // where there is an order
	decoded any
}

// outcome is what became of one candidate.
type outcome struct {
	hit
	candidate *index.Candidate
	bytes     int
	exists    bool // an object was read
	matched   bool
	locked    string // another transaction, undecided, whose lock a strict run met
	own       bool   // locked by the transaction itself
	err       error
	listing   bool
}

// maxRestarts bounds how often a query asks an index that changes under it.
const maxRestarts = 4

func (r *runner) run(ctx context.Context) error {
	reason := "the query has no condition"
	for len(r.filter) > 0 {
		candidates, err := r.docs.holder.Query(ctx, r.filter.plan, r.strict)
		var scan *index.ScanReason
		if errors.As(err, &scan) {
			reason = scan.Reason
			r.profile.Requests += scan.Reads
			break
		}
		if err != nil {
			return err
		}
		confirmed, err := r.indexed(ctx, candidates)
		if confirmed || err != nil {
			return err
		}
		if r.profile.Restarts++; r.profile.Restarts >= maxRestarts {
			reason = "the index changes its regime faster than it can be read"
			break
		}
	}
	r.profile.Index, r.profile.Reason = "", reason
	return r.scan(ctx)
}

// indexed reads the candidates of an index. It answers false, before anything
// was yielded, if the index changed its regime: then the answer proves nothing.
func (r *runner) indexed(ctx context.Context, c *index.Candidates) (confirmed bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.reset(r.docs.db.reads)
	r.profile.Index, r.profile.Candidates = c.Index, len(c.Documents)
	r.profile.IndexTrips += c.Trips
	r.profile.Requests++ // the manifest
	confirm := startConfirmation(ctx, c)
	defer func() { <-confirm.done }()

	inputs := func(context.Context) iter.Seq[*index.Candidate] { return each(c.Documents) }
	work := func(ctx context.Context, candidate *index.Candidate) outcome {
		o := r.examine(ctx, candidate.ID)
		o.candidate = candidate
		return o
	}
	for o := range fetch.Ordered(ctx, r.workers(len(c.Documents)), inputs, work) {
		if ok, err := confirm.wait(); !ok {
			cancel()
			return false, err
		}
		if o.exists && r.docs.db.registers.Fresh(o.read.state) {
			c.Seen(o.candidate, o.read.revision)
		}
		if !r.take(&o) {
			return true, nil
		}
	}
	if ok, err := confirm.wait(); !ok {
		return false, err
	}
	if r.print != nil {
		r.print.counter = c.Counter
	}
	if err := ctx.Err(); err != nil {
		return true, err
	}
	r.finish()
	return true, nil
}

func each(candidates []index.Candidate) iter.Seq[*index.Candidate] {
	return func(yield func(*index.Candidate) bool) {
		for i := range candidates {
			if !yield(&candidates[i]) {
				return
			}
		}
	}
}

// confirmation is Candidates.Confirm under way beside the reading.
type confirmation struct {
	done chan struct{}
	ok   bool
	err  error
}

func startConfirmation(ctx context.Context, c *index.Candidates) *confirmation {
	w := &confirmation{done: make(chan struct{})}
	go func() {
		defer close(w.done)
		w.ok, w.err = c.Confirm(ctx)
	}()
	return w
}

func (w *confirmation) wait() (bool, error) {
	<-w.done
	return w.ok, w.err
}

// scan reads every document.
func (r *runner) scan(ctx context.Context) error {
	r.reset(r.docs.db.registers)
	r.profile.Requests++ // the listing
	list := func(ctx context.Context) iter.Seq[fetch.Item] {
		return fetch.List(ctx, r.docs.db.registers, r.docs.folder)
	}
	work := func(ctx context.Context, item fetch.Item) outcome {
		if item.Err != nil {
			return outcome{err: readFail("query", r.docs.name, item.ID, item.Err), listing: item.Listing}
		}
		return r.examine(ctx, item.ID)
	}
	for o := range fetch.Ordered(ctx, r.docs.db.options.Concurrency, list, work) {
		if o.listing {
			return o.err
		}
		r.profile.Candidates++
		if !r.take(&o) {
			return nil
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	r.finish()
	return nil
}

func (r *runner) workers(candidates int) int {
	return max(1, min(candidates, r.docs.db.options.Concurrency))
}

// reset forgets what an attempt that did not count had gathered.
func (r *runner) reset(reads *cas.Registers) {
	r.reads, r.best = reads, nil
	if len(r.order) > 0 {
		r.best = &best{limit: r.limit}
	}
	r.profile.Candidates, r.profile.Matched, r.profile.Failed = 0, 0, 0
	if r.print != nil {
		r.print = &footprint{seen: make(map[string]sight)}
	}
}

// fork is another run of the same question, without limit and order, that
// records what it sees.
func (r *runner) fork() *runner {
	return &runner{
		docs: r.docs, filter: r.filter, residual: r.residual, print: new(footprint),
		profile: Profile{Collection: r.profile.Collection, Conditions: r.profile.Conditions},
	}
}

// deliver yields what was found otherwise.
func (r *runner) deliver(found []hit, failures []error) error {
	if len(r.order) > 0 {
		r.best = &best{limit: r.limit}
		for _, h := range found {
			h.key = r.order.key(h.read.members, h.read.id)
			r.best.add(h)
		}
	}
	for _, err := range failures {
		if !r.hand(hit{}, err) {
			return nil
		}
	}
	if r.best != nil {
		r.finish()
		return nil
	}
	slices.SortFunc(found, func(a, b hit) int { return strings.Compare(layout.Escape(a.read.id), layout.Escape(b.read.id)) })
	for _, h := range found {
		if r.yielded++; !r.hand(h, nil) || !r.stopAt(r.limit) {
			return nil
		}
	}
	return nil
}

// examine reads a document and decides whether it matches. It runs on many
// goroutines.
func (r *runner) examine(ctx context.Context, id string) (o outcome) {
	o.read.id = id
	key := layout.DocumentKey(r.docs.folder, id)
	state := r.docs.db.registers.Absent(key)
	object, err := r.reads.Get(ctx, key)
	if errors.Is(err, ports.ErrNotFound) {
		return o
	}
	if err != nil {
		o.err = readFail("query", r.docs.name, id, err)
		return o
	}
	o.exists, o.bytes = true, len(object.Data)
	state.Exists, state.Version, state.Body = true, object.Version, object.Data
	o.read, err = parseCurrent(id, state, true)
	if errors.Is(err, document.ErrLocked) {
		err = r.unlock(ctx, &o, state)
	}
	if err == nil && o.read.corrupt != nil {
		err = corrupt(o.read.corrupt)
	}
	if err == nil && o.read.members != nil {
		err = r.decide(&o)
	}
	o.err = readFail("query", r.docs.name, id, err)
	return o
}

// unlock finds out what a locked document means to the run.
func (r *runner) unlock(ctx context.Context, o *outcome, state cas.State) error {
	if r.strict {
		if own, err := r.beneath(o, state); own || err != nil {
			return err
		}
	}
	mode := txn.Plain
	switch {
	case r.strict:
		mode = txn.Strict
	case r.print != nil:
		mode = txn.Patient // what is under way could not be accepted in the end
	}
	read, view, err := r.docs.look(ctx, o.read.id, state, mode)
	if err == nil {
		o.read = read
	}
	if r.strict {
		o.locked = view.Pending
	}
	return err
}

// beneath reads what lies beneath a lock of the transaction itself. Nobody need be
// asked for its decision: if there is one, the commit will fail.
func (r *runner) beneath(o *outcome, state cas.State) (own bool, err error) {
	lock, before, found, err := document.ParseLock(state.Body)
	if err != nil || !found || lock.ID != r.self {
		return false, nil //nolint:nilerr // whoever looks at the lock tells what is wrong
	}
	o.own = true
	state = state.Spend()
	if state.Exists, state.Body = before != nil, before; before == nil {
		o.read = current{id: o.read.id, state: state}
		return true, nil
	}
	o.read, err = parseCurrent(o.read.id, state, true)
	return true, err
}

func (r *runner) decide(o *outcome) (err error) {
	if o.matched, err = r.filter.match(o.read.members); !o.matched || err != nil {
		return err
	}
	if r.residual != nil {
		if o.decoded, o.matched, err = r.residual(&o.read); !o.matched || err != nil {
			return err
		}
	}
	if len(r.order) > 0 {
		o.key = r.order.key(o.read.members, o.read.id)
	}
	return nil
}

// take gathers one outcome; false ends the query.
func (r *runner) take(o *outcome) bool {
	if r.print != nil {
		r.print.note(o)
	}
	r.profile.Requests++
	r.profile.Bytes += int64(o.bytes)
	if o.exists {
		r.profile.Read++
	}
	switch {
	case o.err != nil:
		r.profile.Failed++
		return r.hand(hit{}, o.err)
	case !o.matched:
		return true
	}
	r.profile.Matched++
	if r.best != nil {
		r.best.add(o.hit)
		return true
	}
	r.yielded++
	return r.hand(o.hit, nil) && r.stopAt(r.limit)
}

// stopAt is false once the limit is reached.
func (r *runner) stopAt(limit int) bool {
	if limit > 0 && r.yielded >= limit {
		r.stopped = true
	}
	return !r.stopped
}

func (r *runner) hand(h hit, err error) bool {
	if !r.yield(h, err) {
		r.stopped = true
	}
	return !r.stopped
}

// finish yields the sorted documents.
func (r *runner) finish() {
	if r.best == nil {
		return
	}
	for _, h := range r.best.sorted() {
		if !r.hand(h, nil) {
			return
		}
	}
}
