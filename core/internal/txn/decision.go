package txn

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/ports"
)

const (
	stateCommitted = "committed"
	stateAborted   = "aborted"
)

// bodyLevel is how many levels deep a decision holds bodies.
const bodyLevel = 3

// Decision is what became of a transaction. Once there is one it never
// changes.
type Decision struct {
	Committed bool
	Writes    []Outcome // of a committed one
}

// Outcome is the next state of one object.
type Outcome struct {
	Key    string
	Body   []byte // as it will be stored; nil where Staged holds it
	Staged string // key of the object that holds the body
}

// find answers the outcome for a key.
func (d *Decision) find(key string) (Outcome, bool) {
	for _, w := range d.Writes {
		if w.Key == key {
			return w, true
		}
	}
	return Outcome{}, false
}

// encode builds the decision's body. The bodies inside keep their bytes, which
// encoding/json would not leave alone.
func (d *Decision) encode(at time.Time) ([]byte, error) {
	state := stateAborted
	if d.Committed {
		state = stateCommitted
	}
	text := fmt.Appendf(nil, `{"state":%q,"at":%q`, state, at.UTC().Format(time.RFC3339Nano))
	for i, w := range d.Writes {
		if i == 0 {
			text = append(text, `,"writes":[`...)
		} else {
			text = append(text, ',')
		}
		key, err := json.Marshal(w.Key)
		if err != nil {
			return nil, fmt.Errorf("encode decision: %w", err)
		}
		text = append(append(text, `{"key":`...), key...)
		if w.Staged != "" {
			text = fmt.Appendf(text, `,"staged":%q}`, w.Staged)
			continue
		}
		text = append(append(append(text, `,"body":`...), w.Body...), '}')
	}
	if len(d.Writes) > 0 {
		text = append(text, ']')
	}
	return append(text, '}'), nil
}

// ParseDecision reads a decision's body, and keeps its memory.
func ParseDecision(body []byte) (*Decision, error) {
	if err := rawjson.CheckAround(body, bodyLevel); err != nil {
		return nil, fmt.Errorf("decode decision: %w: %w", ports.ErrCorrupt, err)
	}
	d := new(Decision)
	state, _ := rawjson.Find(body, "state")
	switch string(state) {
	case `"` + stateCommitted + `"`:
		d.Committed = true
	case `"` + stateAborted + `"`:
	default:
		return nil, fmt.Errorf("decode decision: %w: its state is %s", ports.ErrCorrupt, state)
	}
	broken := false
	rawjson.Visit(body, []string{"writes"}, func(write []byte) {
		w, ok := parseOutcome(write)
		broken = broken || !ok
		d.Writes = append(d.Writes, w)
	})
	if broken {
		return nil, fmt.Errorf("decode decision: %w: one of its writes names no object or no body", ports.ErrCorrupt)
	}
	return d, nil
}

func parseOutcome(text []byte) (w Outcome, ok bool) {
	if rawjson.CheckAround(text, 1) != nil {
		return w, false
	}
	for m := range rawjson.Members(text) {
		switch {
		case m.Is("key"):
			w.Key = rawjson.Unquote(m.Value)
		case m.Is("staged"):
			w.Staged = rawjson.Unquote(m.Value)
		case m.Is("body"):
			w.Body = m.Value
		}
	}
	return w, w.Key != "" && (w.Staged != "") != (w.Body != nil)
}

// Decision reads what became of a transaction; nil: it is undecided, or it was
// decided so long ago that nothing is left of it.
func (r *Resolver) Decision(ctx context.Context, id string) (*Decision, error) {
	object, err := r.Registers.Get(ctx, layout.DecisionKey(id))
	if errors.Is(err, ports.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseDecision(object.Data)
}

// decideRounds bounds how often a decision is tried that is neither there nor
// can be made.
const decideRounds = 3

// abort makes sure that the transaction is decided, as aborted if nobody
// decided before, and answers what holds.
func (r *Resolver) abort(ctx context.Context, id string) (*Decision, error) {
	aborted := new(Decision)
	body, err := aborted.encode(r.Registers.Clock.Now())
	if err != nil {
		return nil, err
	}
	for range decideRounds {
		_, err = r.Registers.Replace(ctx, r.Registers.Absent(layout.DecisionKey(id)), body, nil)
		if err == nil {
			return aborted, nil
		}
		if errors.Is(err, ports.ErrPermission) {
			return nil, err
		}
		found, readErr := r.Decision(ctx, id)
		if found != nil || readErr != nil {
			return found, readErr
		}
	}
	return nil, err
}

// body is the next state of an object, wherever it is kept.
func (r *Resolver) body(ctx context.Context, d *Decision, key string) ([]byte, error) {
	w, found := d.find(key)
	if !found {
		return nil, fmt.Errorf("resolve lock: %w: the decision of its transaction does not name it: %s", ports.ErrCorrupt, key)
	}
	if w.Staged == "" {
		return w.Body, nil
	}
	object, err := r.Registers.Get(ctx, w.Staged)
	if errors.Is(err, ports.ErrNotFound) {
		return nil, errStagedGone
	}
	return object.Data, err
}

// errStagedGone: the value of a transaction is not there any more. It is
// removed only after the lock is, so the lock that led here is old.
var errStagedGone = errors.New("the value that the transaction staged is gone")
