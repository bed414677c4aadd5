package simulation_test

import (
	"maps"
	"slices"
	"strings"
)

// check looks for what must never happen in the history.
func (h *history) check() {
	for _, o := range h.operations {
		h.checkOutcome(o)
	}
	h.checkQueries()
	if len(h.problems) > 0 {
		return // what is lost or torn makes no order either
	}
	h.serializable()
	if h.workload.check != nil {
		h.workload.check(h)
	}
}

// checkOutcome compares what an operation was told with what happened.
func (h *history) checkOutcome(o *operation) {
	var landed []*attempt
	for _, a := range o.attempts {
		if len(a.landed) > 0 {
			landed = append(landed, a)
			h.checkLanding(a)
		}
	}
	if a := o.current(); a != nil && (o.outcome == done || len(a.landed) > 0) {
		h.problems = append(h.problems, a.objections...)
	}
	switch {
	case len(landed) > 1:
		h.problem("double: %v took effect %d times", o, len(landed))
	case len(landed) == 1 && landed[0] != o.current():
		h.problem("double: %v took effect in an attempt that was given up", o)
	case len(landed) == 1 && o.outcome == refused:
		h.problem("phantom: %v took effect", o)
	case o.outcome == done && len(landed) == 0 && o.current().mustLand():
		h.problem("lost: %v took no effect", o)
	}
}

// checkLanding reports an attempt of which a part took effect, or a write of
// which took effect twice.
func (h *history) checkLanding(a *attempt) {
	for _, key := range slices.Sorted(maps.Keys(a.landed)) {
		times := a.landed[key]
		if _, wanted := a.writes[key]; !wanted && !h.workload.cascades {
			h.problem("alien: %v changed %s", a.operation, key)
		}
		if times > 1 {
			h.problem("double: %v changed %s %d times", a.operation, key, times)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.writes)) {
		if w := a.writes[key]; a.landed[key] == 0 && !w.maybe {
			h.problem("torn: %v did not change %s", a.operation, key)
		}
	}
}

func (a *attempt) mustLand() bool {
	if a == nil {
		return false
	}
	for _, w := range a.writes {
		if !w.maybe {
			return true
		}
	}
	return false
}

// answered is what a query answered, outside of a transaction.
type answered struct {
	from, to int
	folder   string
	holds    func(doc) bool
	tokens   map[string]string // key → the token of the document that was returned
	plan     string
}

// checkQueries reports a document that matched throughout a query and is not
// in its answer, or that is in it and was never like that meanwhile.
func (h *history) checkQueries() {
	for _, o := range h.operations {
		for _, q := range o.queries {
			for key, line := range h.recorder.lines {
				if strings.HasPrefix(key, q.folder) {
					h.checkAnswer(o, q, key, line)
				}
			}
		}
	}
}

func (h *history) checkAnswer(o *operation, q answered, key string, line []version) {
	during := between(line, q.from, q.to)
	always := !slices.ContainsFunc(during, func(v version) bool { return !v.exists || !q.holds(v.doc) })
	token, returned := q.tokens[key]
	switch {
	case always && !returned:
		h.problem("missing: %v by %s left out %s, which matched all the while: %v", o, q.plan, key, during)
	case returned && !slices.ContainsFunc(during, func(v version) bool { return v.exists && v.doc.T == token && q.holds(v.doc) }):
		h.problem("extra: %v by %s returned %s as of %s, which it never was meanwhile: %v", o, q.plan, key, token, during)
	}
}

// between are the states at the first step and all up to the second.
func between(line []version, from, to int) []version {
	at := 0
	for i, v := range line {
		if v.step <= from {
			at = i
		}
	}
	end := at + 1
	for end < len(line) && line[end].step <= to {
		end++
	}
	return line[at:end]
}
