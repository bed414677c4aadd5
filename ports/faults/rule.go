package faults

import (
	"slices"
	"strings"
)

// Always is for Match.Times: every matching call from the Nth on.
const Always = -1

// Match says which calls a rule means. The zero value matches the first call
// of any method from now on.
type Match struct {
	Method    Method // or a group: AnyMethod (the zero value), AnyWrite, AnyRead
	Key       string // exactly this key, prefix of a List, or space; empty: any
	KeyPrefix string // keys, prefixes or spaces that begin with this

	// Where, if not nil, must hold, too. It is called while the plan is
	// locked: it must be quick and must not call the plan.
	Where func(Call) bool

	// Nth is the first call hit, counted from 1 among the calls that match all
	// of the above, from the moment the rule was added. 0 means 1.
	Nth int

	// Times is how many calls in a row are hit from the Nth on. 0 means 1.
	Times int
}

func (m Match) matches(c Call) bool {
	return m.Method.covers(c.Method) && m.matchesKey(c) && (m.Where == nil || m.Where(c))
}

func (m Match) matchesKey(c Call) bool {
	if c.Keys != nil {
		return slices.ContainsFunc(c.Keys, m.names)
	}
	return m.names(c.Key)
}

func (m Match) names(key string) bool {
	return (m.Key == "" || m.Key == key) && strings.HasPrefix(key, m.KeyPrefix)
}

// Rule is a Match with what is done to the calls it hits. Its methods that
// choose the action are in action.go, late.go and pause.go.
type Rule struct {
	plan  *Plan
	match Match

	// Guarded by plan.mu.
	act  action
	seen int // calls that matched
	hits int // calls that were hit
}

// Hits returns how many calls the rule was applied to so far.
func (r *Rule) Hits() int {
	r.plan.mu.Lock()
	defer r.plan.mu.Unlock()
	return r.hits
}

// do chooses the action.
func (r *Rule) do(act action) *Rule {
	r.plan.mu.Lock()
	defer r.plan.mu.Unlock()
	r.act = act
	return r
}

// hit counts a call and returns the action if the rule applies to it.
func (r *Rule) hit(c Call) action {
	if r.act == nil || !r.match.matches(c) {
		return nil
	}
	r.seen++
	first, times := max(r.match.Nth, 1), r.match.Times
	if times == 0 {
		times = 1
	}
	if r.seen < first || (times > 0 && r.seen >= first+times) {
		return nil
	}
	r.hits++
	return r.act
}
