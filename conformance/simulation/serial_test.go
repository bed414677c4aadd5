package simulation_test

import (
	"cmp"
	"slices"
)

// graph says which operation comes before which.
type graph struct {
	reach []bits // of each operation: all that come after it
}

// bits is a set of operations.
type bits [2]uint64

const mostOperations = 128

func (b *bits) has(i int) bool { return b[i>>6]>>(i&63)&1 == 1 }
func (b *bits) add(i int)      { b[i>>6] |= 1 << (i & 63) }
func (b *bits) join(o bits)    { b[0] |= o[0]; b[1] |= o[1] }

// edge says that from comes before to; a negative number is no operation, but
// what was there before all of them.
type edge struct{ from, to int }

// add adds an edge; false means that there is a cycle.
func (g *graph) add(e edge) bool {
	if e.from < 0 || e.to < 0 || e.from == e.to || g.reach[e.from].has(e.to) {
		return true
	}
	if g.reach[e.to].has(e.from) {
		return false
	}
	after := g.reach[e.to]
	after.add(e.to)
	for i := range g.reach {
		if i == e.from || g.reach[i].has(e.from) {
			g.reach[i].join(after)
		}
	}
	return true
}

func (g *graph) addAll(edges []edge) bool {
	for _, e := range edges {
		if !g.add(e) {
			return false
		}
	}
	return true
}

// serial is the question whether some order of the operations explains
// everything.
type serial struct {
	*history
	nodes   []*operation
	number  map[*operation]int
	edges   []edge
	choices [][][]edge // of each one of several sets of edges
}

// serializable checks strict serializability: the order of the versions of
// each document, what was read of them, and real time make no cycle. A state
// that could have been seen at several times, like the absence of a document or
// of matches, is placed at each of them in turn.
func (h *history) serializable() {
	s := &serial{history: h, number: make(map[*operation]int)}
	for _, o := range h.operations {
		if a := o.current(); o.outcome == done || o.outcome == refused && len(o.refusedBy) > 0 || a != nil && len(a.landed) > 0 {
			s.number[o] = len(s.nodes)
			s.nodes = append(s.nodes, o)
		}
	}
	if len(s.nodes) > mostOperations {
		h.problem("checker: %d operations", len(s.nodes))
		return
	}
	s.orderVersions()
	for _, o := range s.nodes {
		s.orderReads(o)
		s.orderTimes(o)
	}
	g := &graph{reach: make([]bits, len(s.nodes))}
	if !g.addAll(s.edges) {
		h.problem("cycle: no order of the operations explains what they saw")
		return
	}
	slices.SortStableFunc(s.choices, func(a, b [][]edge) int { return cmp.Compare(len(a), len(b)) })
	if !g.solve(s.choices) {
		h.problem("cycle: no order of the operations explains what they saw and what they did not see")
	}
}

// solve picks one of each choice so that there is no cycle.
func (g *graph) solve(choices [][][]edge) bool {
	if len(choices) == 0 {
		return true
	}
	for _, edges := range choices[0] {
		next := &graph{reach: slices.Clone(g.reach)}
		if next.addAll(edges) && next.solve(choices[1:]) {
			return true
		}
	}
	return false
}

// writer is the number of the operation that made a version; -1: none.
func (s *serial) writer(line []version, i int) int {
	if by := line[i].by; by != nil {
		if n, found := s.number[by.operation]; found {
			return n
		}
	}
	return -1
}

func (s *serial) orderVersions() {
	for _, line := range s.recorder.lines {
		for i := 1; i < len(line); i++ {
			s.edges = append(s.edges, edge{s.writer(line, i-1), s.writer(line, i)})
		}
	}
}

func (s *serial) orderReads(o *operation) {
	sees := o.refusedBy
	if a := o.current(); a != nil && o.outcome != refused {
		sees = a.sees
	}
	me := s.number[o]
	for _, seen := range sees {
		line := s.recorder.lines[seen.key]
		if len(line) == 0 {
			line = []version{{}}
		}
		if seen.holds == nil {
			seen.reason = "as of " + seen.token
			seen.holds = func(v version) bool { return v.exists && v.doc.T == seen.token }
		}
		s.place(me, o, seen, line)
	}
}

// around are the edges of an operation that saw a document while it had one of
// the versions from first to last.
func (s *serial) around(me int, line []version, first, last int) []edge {
	edges := []edge{{s.writer(line, first), me}}
	if last+1 < len(line) {
		edges = append(edges, edge{me, s.writer(line, last+1)})
	}
	return edges
}

// place gives the choices of when a state was seen of which only a property
// is known.
func (s *serial) place(me int, o *operation, seen observation, line []version) {
	var choice [][]edge
	for i := 0; i < len(line); i++ {
		if !seen.holds(line[i]) {
			continue
		}
		first := i
		for i+1 < len(line) && seen.holds(line[i+1]) {
			i++
		}
		choice = append(choice, s.around(me, line, first, i))
	}
	switch len(choice) {
	case 0:
		s.problem("ghost: %v saw %s %s, which it never was", o, seen.key, seen.reason)
	case 1:
		s.edges = append(s.edges, choice[0]...)
	default:
		s.choices = append(s.choices, choice)
	}
}

// orderTimes puts an operation before all that began after it was answered.
func (s *serial) orderTimes(o *operation) {
	if o.outcome != done && o.outcome != refused {
		return
	}
	for _, later := range s.nodes {
		if later.began > o.ended {
			s.edges = append(s.edges, edge{s.number[o], s.number[later]})
		}
	}
}
