package simulation_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/core"
)

// doc is the document of all workloads.
type doc struct {
	V string   `json:"v"`           // a value that is asked for
	N int      `json:"n"`           // a number that is counted with
	L []string `json:"l,omitempty"` // a list that is appended to
	T string   `json:"t"`           // the token of the write
}

// operation is one call of a client on its database, and what it was told.
type operation struct {
	client    *client
	number    int
	kind      string
	key       string // of the document, if it is about one alone
	from, to  int    // steps; to is 0 while it runs, and for ever if its client died
	began     int    // in the order in which operations began and ended, which steps do
	ended     int    // not tell: when one ends, the next one begins in the same step
	outcome   outcome
	err       error
	attempts  []*attempt
	extra     string // for the story
	queries   []answered
	refusedBy []observation // what a refusal says of the state
	taken     *core.UniqueError
}

type outcome int

const (
	running outcome = iota
	done
	refused // nothing happened
	open    // something may have happened
)

// attempt is one run of the function of an operation that may run again.
type attempt struct {
	operation  *operation
	token      string
	sees       []observation
	writes     map[string]write // by key
	landed     map[string]int   // key → how often it took effect
	objections []string         // problems, if it takes effect
}

// write is what an attempt does to one document.
type write struct {
	delete bool
	maybe  bool // it does nothing where there is no document
}

// observation is what an operation saw of a document at one moment.
type observation struct {
	key    string
	token  string             // exactly this state, unless holds is set
	holds  func(version) bool // any state of which this is true
	reason string
}

type operationKey struct{}

// on runs an operation on one document.
func (c *client) on(key, kind string, fn func(ctx context.Context, o *operation) error) error {
	return c.do(kind, func(ctx context.Context, o *operation) error {
		o.key = key
		return fn(ctx, o)
	})
}

// do runs an operation.
func (c *client) do(kind string, fn func(ctx context.Context, o *operation) error) error {
	h := c.history
	h.book.Lock()
	h.events++
	o := &operation{client: c, number: len(h.operations), kind: kind, from: h.step, began: h.events}
	h.operations = append(h.operations, o)
	h.book.Unlock()
	ctx := context.WithValue(background, operationKey{}, o)
	if h.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(c.rng.Int64N(int64(h.patience))))
		defer cancel()
	}
	err := fn(ctx, o)
	o.end(err)
	return err
}

func (o *operation) end(err error) {
	h := o.client.history
	h.book.Lock()
	defer h.book.Unlock()
	o.err = err
	switch {
	case o.client.isDead():
		o.outcome = open
		h.tally[o.kind+": killed"]++
		return
	case err == nil:
		o.outcome = done
	case errors.Is(err, core.ErrOutcomeUnknown):
		o.outcome = open
	default:
		o.outcome = refused
		var taken *core.UniqueError
		if errors.As(err, &taken) {
			o.taken = taken
		}
		if late := h.patience > 0 && errors.Is(err, context.DeadlineExceeded); !late && !isAny(err, expected...) {
			h.problems = append(h.problems, fmt.Sprintf("answer: %v answered %v", o, err))
		}
	}
	h.events++
	o.to, o.ended = h.step, h.events
	h.tally[o.kind+": "+kindName(err)]++
	h.note(o.client, "%v", o)
}

// expected are the errors that an operation may answer.
var expected = []error{core.ErrNotFound, core.ErrExists, core.ErrConflict, core.ErrUnavailable, core.ErrConstraint, errOwn}

// errOwn is what the function of a workload answers.
var errOwn = errors.New("the function had enough")

func kindName(err error) string {
	if err == nil {
		return "ok"
	}
	if kind := core.KindOf(err); kind != nil && !errors.Is(err, errOwn) {
		return kind.Error()
	}
	return "refused by its function"
}

func isAny(err error, kinds ...error) bool {
	return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(err, kind) })
}

// try begins an attempt.
func (o *operation) try() *attempt {
	a := &attempt{operation: o, writes: make(map[string]write), landed: make(map[string]int)}
	h := o.client.history
	h.book.Lock()
	defer h.book.Unlock()
	a.token = fmt.Sprintf("%d.%d", o.number, len(o.attempts))
	o.attempts = append(o.attempts, a)
	h.recorder.tokens[a.token] = a
	return a
}

func (o *operation) current() *attempt {
	if o == nil || len(o.attempts) == 0 {
		return nil
	}
	return o.attempts[len(o.attempts)-1]
}

func (a *attempt) saw(key, token string) {
	a.sees = append(a.sees, observation{key: key, token: token})
}

func (a *attempt) sawAbsent(key string) { a.sees = append(a.sees, absent(key)) }

func absent(key string) observation {
	return observation{key: key, holds: func(v version) bool { return !v.exists }, reason: "absent"}
}

func exists(key string) observation {
	return observation{key: key, holds: func(v version) bool { return v.exists }, reason: "there"}
}

func (a *attempt) puts(key string) { a.writes[key] = write{} }

func (o *operation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s #%d, steps %d to %d", o.kind, o.number, o.from, o.to)
	if a := o.current(); a != nil {
		for _, s := range a.sees {
			fmt.Fprintf(&b, ", saw %s = %s%s", s.key, s.token, s.reason)
		}
		for _, key := range slices.Sorted(maps.Keys(a.writes)) {
			if a.writes[key].delete {
				fmt.Fprintf(&b, ", deletes %s", key)
			} else {
				fmt.Fprintf(&b, ", writes %s = %s", key, a.token)
			}
		}
	}
	fmt.Fprintf(&b, " %s: %s", o.extra, kindName(o.err))
	if o.err != nil {
		fmt.Fprintf(&b, " (%v)", o.err)
	}
	return b.String()
}
