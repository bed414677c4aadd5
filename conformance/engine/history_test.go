package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// item is the document of the simulations: a value that queries ask for, and a
// token that tells each write from every other.
type item struct {
	V     string `json:"v" sb:"index"`
	Token string `json:"token"`
}

// history is what really happened to the documents, in the order in which it
// happened. It sits right at the store, behind everything that delays, loses
// and repeats requests.
type history struct {
	inner ports.ObjectStore

	mu       sync.Mutex
	now      int // counts events
	states   map[string][]state
	applied  map[string]int // token → how often it took effect
	problems []string
}

// state is a document from one event on.
type state struct {
	at    int
	value string // empty: absent, or deleted
	rev   string
}

// itemsFolder is where the documents of the simulations are.
const itemsFolder = "items/"

func newHistory(inner ports.ObjectStore) *history {
	return &history{inner: inner, states: make(map[string][]state), applied: make(map[string]int)}
}

// put performs a put now, whatever became of who sent it.
func (h *history) put(key string, data []byte, cond ports.Condition) (ports.Version, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	version, err := h.inner.Put(context.Background(), key, data, cond)
	if err == nil && strings.HasPrefix(key, itemsFolder) {
		h.note(key, data)
	}
	return version, err
}

func (h *history) note(key string, data []byte) {
	var body struct {
		Rev string `json:"_rev"`
		item
	}
	if err := json.Unmarshal(data, &body); err != nil {
		h.problems = append(h.problems, fmt.Sprintf("%s was written as %s: %v", key, data, err))
	}
	h.now++
	past := h.states[key]
	if len(past) > 0 && past[len(past)-1].rev >= body.Rev {
		h.problems = append(h.problems, fmt.Sprintf("%s went from revision %s to %s", key, past[len(past)-1].rev, body.Rev))
	}
	h.states[key] = append(past, state{h.now, body.V, body.Rev})
	if body.Token != "" {
		if h.applied[body.Token]++; h.applied[body.Token] > 1 {
			h.problems = append(h.problems, fmt.Sprintf("%s: the write %s took effect twice", key, body.Token))
		}
	}
}

// moment is the number of the last event.
func (h *history) moment() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// answer is what a query answered, and the events between which it ran.
type answer struct {
	who          string
	from, to     int
	want         []string
	ids          map[string]bool
	plan         string
	index        bool
	began, ended string
}

// check reports a document that matched throughout the query and is not in
// the answer, or that never matched and is.
func (h *history) check(a answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for key, states := range h.states {
		id := strings.TrimSuffix(strings.TrimPrefix(key, itemsFolder), ".json")
		values := valuesBetween(states, a.from, a.to)
		always, ever := true, false
		for _, value := range values {
			matches := slices.Contains(a.want, value)
			always, ever = always && matches, ever || matches
		}
		if always && !a.ids[id] || !ever && a.ids[id] {
			h.problems = append(h.problems, fmt.Sprintf("wrong answer: %s asked for %v between %s and %s (%s) and got %s: %v; its values were %q",
				a.who, a.want, a.began, a.ended, a.plan, id, a.ids[id], values))
		}
	}
}

// valuesBetween are the value at the first moment and all up to the second.
func valuesBetween(states []state, from, to int) []string {
	values := []string{""}
	for _, s := range states {
		switch {
		case s.at <= from:
			values[0] = s.value
		case s.at <= to:
			values = append(values, s.value)
		}
	}
	return values
}

// settle checks what a client was told about its writes, once nothing is
// under way any more.
func (h *history) settle(told map[string]error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for token, err := range told {
		times := h.applied[token]
		switch {
		case err == nil && times == 0:
			h.problems = append(h.problems, fmt.Sprintf("the write %s was acknowledged and never took effect", token))
		case err != nil && times > 0 && !mayHaveHappened(err):
			h.problems = append(h.problems, fmt.Sprintf("the write %s was refused and took effect: %v", token, err))
		}
	}
}

// mayHaveHappened reports whether an error leaves open what became of a
// write: its outcome is unknown, or its client died.
func mayHaveHappened(err error) bool {
	return isAny(err, core.ErrOutcomeUnknown, errDied)
}
