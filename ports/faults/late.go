package faults

import "context"

// Late is the handle on the writes that a rule holds back.
type Late struct {
	*Rule
}

// lateWrite is a write whose caller has its answer already.
type lateWrite struct {
	rule *Rule
	due  int // performed before the call with this number; 0: when told to
	req  *request
}

// ApplyLate answers ErrUnknown to a write at once and keeps it until
// Late.Apply or Plan.Apply performs it, with the condition it had. A read
// answers ErrUnavailable and is never done.
func (r *Rule) ApplyLate() *Late { return r.applyAfter(0) }

// ApplyAfter is ApplyLate, and performs the write by itself right before the
// nth call from then on (at least 1).
func (r *Rule) ApplyAfter(n int) *Late { return r.applyAfter(max(n, 1)) }

func (r *Rule) applyAfter(n int) *Late {
	r.do(func(_ context.Context, req *request) answer {
		if req.Method.IsWrite() {
			r.hold(req.again(), n)
		}
		return req.lost(nil, "held back")
	})
	return &Late{r}
}

// Replay does a write, answers what it did, and keeps a copy that Late.Apply
// or Plan.Apply performs, as a network does that delivers a request twice. A
// read is done once.
func (r *Rule) Replay() *Late { return r.replayAfter(0) }

// ReplayAfter is Replay, and performs the copy by itself right before the nth
// call from then on (at least 1).
func (r *Rule) ReplayAfter(n int) *Late { return r.replayAfter(max(n, 1)) }

func (r *Rule) replayAfter(n int) *Late {
	r.do(func(ctx context.Context, req *request) answer {
		if req.Method.IsWrite() {
			copied := req.again()
			defer r.hold(copied, n)
		}
		return noted(req.next(ctx), "to be replayed")
	})
	return &Late{r}
}

// hold queues a write, with n more calls to go, or without such a limit if n
// is 0.
func (r *Rule) hold(req *request, n int) {
	r.plan.mu.Lock()
	defer r.plan.mu.Unlock()
	w := &lateWrite{rule: r, req: req}
	if n > 0 {
		w.due = r.plan.calls + n
	}
	r.plan.waiting = append(r.plan.waiting, w)
}

// Pending returns how many writes wait to be applied.
func (l *Late) Pending() int {
	l.plan.mu.Lock()
	defer l.plan.mu.Unlock()
	n := 0
	for _, w := range l.plan.waiting {
		if w.rule == l.Rule {
			n++
		}
	}
	return n
}

// Apply performs the waiting writes of this rule in the order in which they
// came, and returns what each of them answered.
func (l *Late) Apply(ctx context.Context) []error {
	return l.plan.apply(ctx, func(w *lateWrite) bool { return w.rule == l.Rule })
}

// Apply performs the waiting writes of all rules in the order in which they
// came, and returns what each of them answered.
func (p *Plan) Apply(ctx context.Context) []error {
	return p.apply(ctx, func(*lateWrite) bool { return true })
}

func (p *Plan) apply(ctx context.Context, wanted func(*lateWrite) bool) []error {
	p.mu.Lock()
	taken := p.take(wanted)
	p.mu.Unlock()
	errs := make([]error, 0, len(taken))
	for _, w := range taken {
		errs = append(errs, w.apply(ctx))
	}
	return errs
}

// takeDue removes the writes that come before call n. It needs p.mu.
func (p *Plan) takeDue(n int) []*lateWrite {
	return p.take(func(w *lateWrite) bool { return w.due > 0 && w.due <= n })
}

// take removes the wanted writes from those that wait. It needs p.mu.
func (p *Plan) take(wanted func(*lateWrite) bool) (taken []*lateWrite) {
	var rest []*lateWrite
	for _, w := range p.waiting {
		if wanted(w) {
			taken = append(taken, w)
		} else {
			rest = append(rest, w)
		}
	}
	p.waiting = rest
	return taken
}

func (w *lateWrite) apply(ctx context.Context) error {
	a := w.req.next(ctx)
	w.req.plan.record(w.req.String(), noted(a, "late"), "")
	return a.err
}
