package simulation_test

import (
	"fmt"
	"math"
	"time"

	"github.com/anishathalye/porcupine"
)

// registers is a model of single documents for porcupine, which knows nothing
// of what the recorder saw: the state of a document is the token of its last
// write, empty where there is none.
var registers = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := make(map[string][]porcupine.Operation)
		var order []string
		for _, o := range history {
			key := o.Input.(registerStep).key
			if byKey[key] == nil {
				order = append(order, key)
			}
			byKey[key] = append(byKey[key], o)
		}
		parts := make([][]porcupine.Operation, len(order))
		for i, key := range order {
			parts[i] = byKey[key]
		}
		return parts
	},
	Init:              func() []any { return []any{unset} },
	Step:              func(state, input, _ any) []any { return input.(registerStep).next(state.(string)) },
	DescribeOperation: func(input, _ any) string { return fmt.Sprint(input) },
}

// unset is the state of a document before the step that says what it was at
// the start.
const unset = "unset"

// registerStep is an operation on one document.
type registerStep struct {
	key string
	*operation
	start *string // the first of all: the document is so at the start
}

// next lists the states that the document can be in after the operation; none:
// it can't have answered what it did.
func (s registerStep) next(state string) []any {
	switch {
	case s.start != nil && state == unset:
		return []any{*s.start}
	case s.start != nil || state == unset:
		return nil
	case s.outcome == refused && allHold(s.refusedBy, state):
		return []any{state}
	case s.outcome == refused:
		return nil
	case s.outcome == done:
		return s.current().applied(s.key, state)
	}
	states := []any{state}
	for _, a := range s.attempts {
		states = append(states, a.applied(s.key, state)...)
	}
	return states
}

// applied is the state that an attempt leaves, if it can have been made in
// this one.
func (a *attempt) applied(key, state string) []any {
	w, writes := a.writes[key]
	switch {
	case !allHold(a.sees, state):
		return nil
	case !writes:
		return []any{state}
	case w.delete:
		return []any{""}
	default:
		return []any{a.token}
	}
}

func allHold(sees []observation, state string) bool {
	for _, seen := range sees {
		v := version{exists: state != "", doc: doc{T: state}}
		if seen.holds != nil && !seen.holds(v) || seen.holds == nil && seen.token != state {
			return false
		}
	}
	return true
}

// linearizable lets porcupine look for an order of the operations on each
// document that explains what each of them was told.
func (h *history) linearizable() {
	var all []porcupine.Operation
	for _, key := range h.workload.keys {
		start := ""
		if _, there := h.workload.start[key]; there {
			start = "start"
		}
		all = append(all, porcupine.Operation{Input: registerStep{key: key, start: &start}, Call: -2, Return: -1})
	}
	for _, o := range h.operations {
		if o.key == "" || o.outcome == refused && len(o.refusedBy) == 0 || o.outcome == open && len(o.attempts) == 0 {
			continue
		}
		returned := int64(math.MaxInt64)
		if o.outcome != open {
			returned = int64(o.ended)
		}
		all = append(all, porcupine.Operation{ClientId: o.client.number, Input: registerStep{key: o.key, operation: o}, Call: int64(o.began), Return: returned})
	}
	if result := porcupine.CheckOperationsTimeout(registers.ToModel(), all, 10*time.Second); result != porcupine.Ok {
		h.problem("linearizability: porcupine finds no order of the operations: %v", result)
	}
}
