package core

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

// CounterAudit keeps the truths of the counters of a program, audits them and
// repairs them. It is safe for concurrent use.
type CounterAudit struct {
	counter ports.Counter

	mu    sync.Mutex
	rules map[string]*counterRule
}

type counterRule struct {
	truth CounterTruth
	opts  AuditOptions
	last  *AuditReport // of the last audit, or nil
}

// CounterInfo describes one counter to an operator.
type CounterInfo struct {
	Name       string
	Value      int64
	Missing    bool         // there is no such counter
	Corrupt    bool         // what is stored is no number
	Registered bool         // Register named it
	Tolerance  int64        // as registered
	Last       *AuditReport // of the last audit by this CounterAudit, or nil
}

// NewCounterAudit returns a CounterAudit of these counters without any rule.
func NewCounterAudit(counter ports.Counter) *CounterAudit {
	return &CounterAudit{counter: counter, rules: make(map[string]*counterRule)}
}

// Register names a counter, its truth (nil: only the value is checked) and
// what its audits report; opts.Repair makes each audit repair, too. A name
// that is empty or taken is refused with ErrInvalid.
func (a *CounterAudit) Register(name string, truth CounterTruth, opts AuditOptions) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if name == "" || a.rules[name] != nil || opts.Tolerance < 0 || opts.Large < 0 {
		return invalid("register counter", "", "", "an empty name, one that is registered, or a negative bound: %q", name)
	}
	a.rules[name] = &counterRule{truth: truth, opts: opts}
	return nil
}

// Names returns what is known, sorted: the registered names that begin with
// prefix and, if the counters offer CounterNames, those that are stored.
func (a *CounterAudit) Names(ctx context.Context, prefix string) ([]string, error) {
	found := make(map[string]bool)
	a.mu.Lock()
	for name := range a.rules {
		if strings.HasPrefix(name, prefix) {
			found[name] = true
		}
	}
	a.mu.Unlock()
	if stored, ok := ports.As[CounterNames](a.counter); ok {
		for name, err := range stored.Names(ctx, prefix) {
			if err != nil {
				return nil, readFail("list counters", "", "", err)
			}
			found[name] = true
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// Audit audits one counter by its rule, or its value alone if it has none.
func (a *CounterAudit) Audit(ctx context.Context, name string) (AuditReport, error) {
	return a.audit(ctx, name, false)
}

// Repair audits a registered counter and corrects it, whatever its rule says
// about repairs. One without a truth is refused with ErrInvalid.
func (a *CounterAudit) Repair(ctx context.Context, name string) (AuditReport, error) {
	if truth, _ := a.rule(name); truth == nil {
		return AuditReport{Name: name}, invalid("repair counter", "", "", "no truth is registered for %q", name)
	}
	return a.audit(ctx, name, true)
}

// AuditAll audits whatever Names lists, in that order, and returns the
// reports. A counter that can't be audited does not stop the others; the
// error is then the first such failure, and its report is left out.
func (a *CounterAudit) AuditAll(ctx context.Context, prefix string) (reports []AuditReport, first error) {
	names, err := a.Names(ctx, prefix)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		report, err := a.audit(ctx, name, false)
		switch {
		case err == nil:
			reports = append(reports, report)
		case contextError(err) != nil:
			return reports, err
		case first == nil:
			first = err
		}
	}
	return reports, first
}

// Info reads a counter and says what is known about it.
func (a *CounterAudit) Info(ctx context.Context, name string) (CounterInfo, error) {
	read := AuditReport{Name: name}
	if err := readCounter(ctx, a.counter, &read); err != nil {
		return CounterInfo{Name: name}, readFail("read counter", "", "", err)
	}
	info := CounterInfo{Name: name, Value: read.Value, Missing: read.Missing, Corrupt: read.Corrupt}
	a.mu.Lock()
	defer a.mu.Unlock()
	if rule := a.rules[name]; rule != nil {
		info.Registered, info.Tolerance = true, rule.opts.Tolerance
		if rule.last != nil {
			last := *rule.last
			info.Last = &last
		}
	}
	return info, nil
}

func (a *CounterAudit) rule(name string) (CounterTruth, AuditOptions) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if rule := a.rules[name]; rule != nil {
		return rule.truth, rule.opts
	}
	return nil, AuditOptions{}
}

func (a *CounterAudit) audit(ctx context.Context, name string, repair bool) (AuditReport, error) {
	truth, opts := a.rule(name)
	opts.Repair = opts.Repair || repair
	report, err := AuditCounter(ctx, a.counter, name, truth, opts)
	if err != nil {
		return report, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if rule := a.rules[name]; rule != nil {
		rule.last = &report
	}
	return report, nil
}
