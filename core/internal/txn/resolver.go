package txn

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/ports"
)

// Resolver finds out what objects mean that transactions have locked. It is
// safe for concurrent use.
type Resolver struct {
	Registers *cas.Registers
	Random    func() uint64
	Patience  time.Duration // with a lock that does not say

	met       sightings
	finishing sync.Map // id of a transaction of this process → chan struct{}, closed when its locks are off
}

// View is what an object means.
type View struct {
	Body []byte // nil: there is none

	// Pending names the transaction under way that has locked the object: Body
	// is its state until that commits. Otherwise it is empty.
	Pending string

	// Locked says that the object itself holds a lock, decided or not: no
	// write can be based on it.
	Locked bool
}

// A Mode says what a reader makes of a transaction under way.
type Mode int

const (
	// Plain waits for transactions that rest on reads of their own. Of the others
	// it takes the previous state: they could not have committed yet.
	Plain Mode = iota

	// Strict never waits, and takes the previous state of all: the caller asks
	// whether there is a Pending.
	Strict

	// Patient waits for all.
	Patient
)

// rounds bounds how often an object is read again because it changes under the
// reader.
const rounds = 100

// errRestless is the end of such rounds.
var errRestless = errors.New("it changes faster than it can be read")

// Look answers what a state that was read means.
func (r *Resolver) Look(ctx context.Context, state cas.State, mode Mode) (View, cas.State, error) {
	for range rounds {
		if !state.Exists || !document.IsLocked(state.Body) {
			return View{Body: state.Body}, state, nil
		}
		view, err := r.look(ctx, state, mode)
		if !errors.Is(err, errAgain) {
			return view, state, err
		}
		if state, err = r.Registers.Read(ctx, state.Key); err != nil {
			return View{}, state, err
		}
	}
	return View{}, state, ports.Fail("read", state.Key, ports.ErrBusy, errRestless)
}

// errAgain: the object is to be read again.
var errAgain = errors.New("read again")

func (r *Resolver) look(ctx context.Context, state cas.State, mode Mode) (View, error) {
	lock, before, err := r.parse(state)
	if err != nil {
		return View{}, err
	}
	d, err := r.Decision(ctx, lock.ID)
	if err != nil {
		return View{}, err
	}
	if d == nil && (mode == Patient || mode == Plain && lock.Reads) {
		if d, err = r.outwait(ctx, state, lock); err != nil {
			return View{}, err
		}
	}
	if d == nil || !d.Committed {
		// A decision is removed once no object holds a lock of it, so one that is
		// not there says nothing unless the lock still is.
		still, err := r.Still(ctx, state)
		if err != nil {
			return View{}, err
		}
		if !still {
			return View{}, errAgain
		}
	}
	switch {
	case d == nil:
		return View{Body: before, Pending: lock.ID, Locked: true}, nil
	case !d.Committed:
		return View{Body: before, Locked: true}, nil
	}
	body, err := r.body(ctx, d, state.Key)
	if errors.Is(err, errStagedGone) {
		return View{}, errAgain
	}
	return View{Body: body, Locked: true}, err
}

// parse takes the lock off a state.
func (r *Resolver) parse(state cas.State) (lock document.Lock, before []byte, err error) {
	lock, before, found, err := document.ParseLock(state.Body)
	if err == nil && !found {
		err = errors.New("the lock is not at the top")
	}
	if err != nil {
		err = fmt.Errorf("read lock: %w: %w: %s", ports.ErrCorrupt, err, state.Key)
	}
	return lock, before, err
}

// Read reads an object for a change: where it is locked, the transaction is
// waited for, or ended, and the lock is replaced by what came of it.
func (r *Resolver) Read(ctx context.Context, key string) (cas.State, error) {
	state, err := r.Registers.Read(ctx, key)
	if err != nil {
		return state, err
	}
	return r.Settle(ctx, state)
}

// Settle is Read for an object that was read already.
func (r *Resolver) Settle(ctx context.Context, state cas.State) (cas.State, error) {
	for round := range rounds {
		if !state.Exists || !document.IsLocked(state.Body) {
			return state, nil
		}
		next, err := r.settle(ctx, state, round == 0)
		if err == nil {
			return next, nil
		}
		again := errors.Is(err, errAgain) || errors.Is(err, ports.ErrPrecondition) || errors.Is(err, cas.ErrTooOld) || errors.Is(err, errStagedGone)
		if !again {
			return state, err
		}
		if state, err = r.Registers.Read(ctx, state.Key); err != nil {
			return state, err
		}
	}
	return state, ports.Fail("read", state.Key, ports.ErrBusy, errRestless)
}

// settle replaces one lock. At the first look that of a transaction which may
// have committed just now is left to its owner: of many who wait for a document,
// one is enough to replace the lock.
func (r *Resolver) settle(ctx context.Context, state cas.State, first bool) (cas.State, error) {
	lock, before, err := r.parse(state)
	if err != nil {
		return state, err
	}
	if first && r.awaitOwn(ctx, lock.ID) {
		return state, errAgain
	}
	d, err := r.Decision(ctx, lock.ID)
	if err != nil {
		return state, err
	}
	if d == nil {
		if d, err = r.outwait(ctx, state, lock); err != nil {
			return state, err
		}
	}
	if first && d.Committed && r.young(lock) {
		if err := r.Registers.Clock.Sleep(ctx, r.Registers.Retry.Policy.Base); err != nil {
			return state, err
		}
		return state, errAgain
	}
	body, err := r.after(ctx, d, state.Key, before)
	if err != nil {
		return state, err
	}
	return r.Registers.Replace(ctx, state, body, nil)
}

// after is what replaces a lock: the transaction's outcome, or the state before
// with a fresh nonce, never the same bytes again. A state that came back would
// let a write take effect that was sent for it before.
func (r *Resolver) after(ctx context.Context, d *Decision, key string, before []byte) ([]byte, error) {
	if d.Committed {
		return r.body(ctx, d, key)
	}
	return document.WithNonce(before, r.Nonce())
}

// Nonce is one that was never used before.
func (r *Resolver) Nonce() string { return document.NewNonce(r.Random()) }
