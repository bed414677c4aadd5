package faults

import (
	"context"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

// Options configure a Plan. The zero value is useful.
type Options struct {
	// Clock measures Delay and Throttle. Nil: ports.SystemClock().
	Clock ports.Clock

	// LateWrites makes Store claim ports.Capabilities.LateWrites, as a store must
	// whose plan applies writes late.
	LateWrites bool

	// NoConditionalDelete makes Store deny ports.Capabilities.ConditionalDelete
	// and refuse every conditional Delete, as MinIO's and R2's do.
	NoConditionalDelete bool

	// TraceLimit is how many lines of trace are kept, the latest ones.
	// 0: 10,000; negative: none.
	TraceLimit int
}

// Plan decides what happens to each call, counts the calls and keeps the
// trace. It is made by New and safe for concurrent use.
type Plan struct {
	options Options

	mu      sync.Mutex
	calls   int            // all but Close
	counts  map[Method]int // by method
	rules   []*Rule
	pauses  []*Pause
	waiting []*lateWrite // in order of arrival
	trace   []string
}

// New returns a plan without rules.
func New(options Options) *Plan {
	if options.Clock == nil {
		options.Clock = ports.SystemClock()
	}
	if options.TraceLimit == 0 {
		options.TraceLimit = 10_000
	}
	return &Plan{options: options, counts: map[Method]int{}}
}

// On adds a rule for the calls that m matches. It does nothing until one of
// its actions is chosen; choose exactly one.
func (p *Plan) On(m Match) *Rule {
	r := &Rule{plan: p, match: m}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rules = append(p.rules, r)
	return r
}

// FailNth makes the nth call from now, of whatever method, fail with err and
// do nothing. Rule.Hits says afterwards whether there was such a call.
func (p *Plan) FailNth(n int, err error) *Rule { return p.On(Match{Nth: n}).Fail(err) }

// Calls returns how many calls were made, of these methods or groups, or
// without arguments of all methods but Close. Every walk of a List is one.
func (p *Plan) Calls(methods ...Method) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(methods) == 0 {
		return p.calls
	}
	total := 0
	for made, count := range p.counts {
		for _, m := range methods {
			if m.covers(made) {
				total += count
				break
			}
		}
	}
	return total
}

// Heal removes all rules and lets paused calls go on. Counters, trace and
// writes that wait to be applied stay.
func (p *Plan) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heal()
}

// Reset brings the plan back to its beginning: no rules, counters at zero, an
// empty trace; writes that wait to be applied are forgotten.
func (p *Plan) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heal()
	p.calls, p.counts, p.trace, p.waiting = 0, map[Method]int{}, nil, nil
}

func (p *Plan) heal() {
	for _, pause := range p.pauses {
		pause.Release()
	}
	p.rules, p.pauses = nil, nil
}

// admit counts a call, performs the late writes that are due before it, and
// returns the actions that hit it, outermost first.
func (p *Plan) admit(ctx context.Context, c *Call) []action {
	p.mu.Lock()
	if c.Method != Close {
		p.calls++
		c.N = p.calls
	}
	p.counts[c.Method]++
	var hits []action
	// A call whose context is done never becomes a request, so it uses up no
	// rule; what is wrapped refuses it.
	if ctx.Err() == nil {
		for _, r := range p.rules {
			if act := r.hit(*c); act != nil {
				hits = append(hits, act)
			}
		}
	}
	due := p.takeDue(c.N)
	p.mu.Unlock()
	for _, w := range due {
		_ = w.apply(context.WithoutCancel(ctx)) // its caller has an answer already; the trace tells
	}
	return hits
}
