package cas

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// MaxAge is how long after the read that it is based on a conditional write
// may still be sent. A process that slept longer must read again: tombstones
// may have been purged meanwhile, so that an absent state could recur.
const MaxAge = 60 * time.Second

// ErrTooOld says that the base of a write is older than MaxAge, and that
// nothing was sent.
var ErrTooOld = errors.New("the read that the write is based on is too old")

// Registers reads and writes objects whose first member is a revision.
type Registers struct {
	Objects ports.ObjectStore
	Clock   ports.Clock
	Retry   *retry.Retrier

	// Conflicts is how often Update starts over because another writer came
	// first; 0: as often as Retry tries.
	Conflicts int
}

// State is what a key held when it was read.
type State struct {
	Key     string
	Exists  bool
	Version ports.Version
	Body    []byte
	ModTime time.Time // of what Read answered, by the clock of the store

	elapsed time.Duration
	wall    time.Time
	spent   bool // nothing may be based on it
}

// Spend returns the state as one on which no write can be based: what was
// found is not what the store holds under that version.
func (s State) Spend() State {
	s.spent = true
	return s
}

// Spent reports whether Spend made the state.
func (s State) Spent() bool { return s.spent }

// Absent is the state of a key that a create expects, as of now, without a
// read.
func (r *Registers) Absent(key string) State { return r.stamp(State{Key: key}) }

func (r *Registers) stamp(s State) State {
	s.elapsed, s.wall = r.Clock.Elapsed(), r.Clock.Now()
	return s
}

// Get reads an object, trying again what is worth it.
func (r *Registers) Get(ctx context.Context, key string) (ports.Object, error) {
	for attempt := 1; ; attempt++ {
		object, err := r.Objects.Get(ctx, key, ports.GetOptions{})
		if err == nil || !retry.Again(ctx, err) || r.Retry.Exhausted(attempt, err) {
			return object, err
		}
		if r.Retry.Wait(ctx, "read", key, attempt, err) != nil {
			return object, err
		}
	}
}

// Read returns the state of a key, absent or not.
func (r *Registers) Read(ctx context.Context, key string) (State, error) {
	state := r.Absent(key) // stamped before the request
	object, err := r.Get(ctx, key)
	if errors.Is(err, ports.ErrNotFound) {
		return state, nil
	}
	state.Exists, state.Version, state.Body = err == nil, object.Version, object.Data
	state.ModTime = object.ModTime
	return state, err
}

// NextRevision makes the revision of a write that replaces current.
func (r *Registers) NextRevision(current State) revision.Revision {
	previous, _ := document.RevisionOf(current.Body)
	return revision.Next(previous, r.Clock.Now(), r.Retry.Random())
}

func (s State) condition() ports.Condition {
	if s.Exists {
		return ports.IfVersion(s.Version)
	}
	return ports.IfAbsent
}

// Fresh reports whether a write based on this state may still be sent.
func (r *Registers) Fresh(base State) bool {
	return !base.spent && r.Clock.Elapsed()-base.elapsed <= MaxAge && r.Clock.Now().Sub(base.wall) <= MaxAge
}

// Gate is asked right before each request is sent whether that may be done.
// The context that it answers is the one to send under.
type Gate func(ctx context.Context) (context.Context, context.CancelFunc, error)

// Write replaces base with body, whose revision is rev. It answers
//
//   - the new state;
//   - ports.ErrPrecondition: base was gone, and the write never took effect;
//   - ports.ErrUnknown: the write may have taken effect and been replaced
//     since, or may still do so;
//   - any other error: the write took no effect. ErrTooOld and the gate's own
//     errors are among these.
func (r *Registers) Write(ctx context.Context, base State, body []byte, rev revision.Revision, gate Gate) (State, error) {
	w := write{Registers: r, base: base, body: body, gate: gate}
	w.judge = func(found State) verdict { return w.byRevision(found, rev) }
	return w.run(ctx)
}

func (w *write) run(ctx context.Context) (State, error) {
	r, base := w.Registers, w.base
	for attempt := 1; ; attempt++ {
		state, err := w.attempt(ctx)
		if err == nil || !errors.Is(err, errAgain) {
			return state, err
		}
		if r.Retry.Exhausted(attempt, err) {
			return State{}, w.giveUp(err)
		}
		if waitErr := r.Retry.Wait(ctx, "write", base.Key, attempt, err); waitErr != nil {
			return State{}, w.giveUp(waitErr)
		}
	}
}

// write is one Write under way.
type write struct {
	*Registers
	base    State
	body    []byte
	judge   func(found State) verdict // of a state that is not base
	gate    Gate
	unknown bool // an attempt was sent whose outcome is not known
}

// errAgain marks the cause of a failed attempt that may be repeated with the
// same bytes and the same condition.
var errAgain = errors.New("not decided")

// giveUp ends the write without an answer from the store: if something may be
// under way, the outcome is unknown whatever stopped us.
func (w *write) giveUp(cause error) error {
	if w.unknown && !errors.Is(cause, ports.ErrUnknown) {
		return ports.Fail("write", w.base.Key, ports.ErrUnknown, cause)
	}
	return cause
}

func (w *write) attempt(ctx context.Context) (State, error) {
	if !w.Fresh(w.base) {
		return State{}, w.giveUp(fmt.Errorf("%w: %s", ErrTooOld, w.base.Key))
	}
	version, err := w.send(ctx)
	switch {
	case err == nil:
		return w.stamp(State{Key: w.base.Key, Exists: true, Version: version, Body: w.body}), nil
	case errors.Is(err, ports.ErrPrecondition) && w.unknown:
		return w.readBack(ctx, err) // maybe our own earlier success
	case errors.Is(err, ports.ErrPrecondition):
		return State{}, err
	case isUnknown(err):
		w.unknown = true
		return w.readBack(ctx, err)
	case retry.Again(ctx, err):
		return State{}, fmt.Errorf("%w: %w", errAgain, err)
	default:
		return State{}, w.giveUp(err)
	}
}

func (w *write) send(ctx context.Context) (ports.Version, error) {
	if w.gate != nil {
		gated, cancel, err := w.gate(ctx)
		if err != nil {
			return "", err
		}
		defer cancel()
		version, err := w.Objects.Put(gated, w.base.Key, w.body, w.base.condition())
		if err != nil && gated.Err() != nil && ctx.Err() == nil && !errors.Is(err, ports.ErrUnknown) {
			// The gate's own bound ended the request before it did anything:
			// ask the gate again. The end of that context is none of the caller's.
			return "", ports.Fail("write", w.base.Key, ports.ErrBusy, errors.New(err.Error()))
		}
		return version, err
	}
	return w.Objects.Put(ctx, w.base.Key, w.body, w.base.condition())
}

// isUnknown reports whether a failed Put may have taken effect: ErrUnknown,
// and every error that the contract doesn't know.
func isUnknown(err error) bool {
	var known *ports.Error
	return errors.Is(err, ports.ErrUnknown) || !errors.As(err, &known) && !errors.Is(err, errGate)
}

// errGate marks errors of a Gate, which are never the store's.
var errGate = errors.New("not sent")

// Refuse wraps the reason why a Gate does not let a request be sent.
func Refuse(reason error) error { return fmt.Errorf("%w: %w", errGate, reason) }

// readBack finds out what became of a write whose answer was lost.
func (w *write) readBack(ctx context.Context, cause error) (State, error) {
	current, err := w.Read(ctx, w.base.Key)
	if err != nil {
		return State{}, ports.Fail("write", w.base.Key, ports.ErrUnknown, errors.Join(cause, err))
	}
	if current.Exists == w.base.Exists && current.Version == w.base.Version {
		return State{}, fmt.Errorf("%w: %w", errAgain, cause)
	}
	switch w.judge(current) {
	case landed:
		if document.IsLocked(current.Body) {
			current = current.Spend()
		}
		return current, nil
	case neverLanded:
		// The cause said that the outcome is unknown, which it no longer is.
		return State{}, ports.Fail("write", w.base.Key, ports.ErrPrecondition, errors.New(cause.Error()))
	default:
		return State{}, ports.Fail("write", w.base.Key, ports.ErrUnknown, cause)
	}
}

// verdict says what became of a write, by what was found in its place.
type verdict int

const (
	unclear verdict = iota
	landed
	neverLanded
)

// byRevision tells a write by its revision, which no other write of the key
// has. That of a document which a transaction has locked is that of the members
// behind the lock.
func (w *write) byRevision(found State, rev revision.Revision) verdict {
	if !found.Exists {
		return unclear
	}
	now, readable := document.RevisionOf(found.Body)
	switch {
	case readable && now == rev:
		return landed
	case readable && now < rev && w.Fresh(w.base):
		// Revisions of a key only grow, unless a tombstone was purged in
		// between, which takes longer: had ours landed, this one could not have
		// come after it, and our base is gone.
		return neverLanded
	default:
		return unclear
	}
}
