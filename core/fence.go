package core

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/lease"
	"github.com/smarterbase/smarterbase/ports"
)

const opFence = "fence"

// Fence ties the transaction to a lease: it commits only if the lease is still
// the current one. It says so at once if it is not, and looks again when the
// transaction commits. The error of both matches ErrConflict and ports.ErrLost;
// the function is then not run again, since a lease that is lost never comes
// back. Pass the Lease of a HeldLock, or one of DB.Locker. It may be renewed
// meanwhile.
//
// What that guarantees depends on where the lease is kept:
//
//   - In the store of a database, which is where DB.Lock keeps it if there is no
//     Components.Locker: at the moment at which the transaction takes place, the
//     lease was held and nobody else had acquired it. A holder that slept,
//     whose ttl has passed and whose lock another one took, can't commit.
//     It costs a request at once, and one when the transaction commits.
//   - Elsewhere, as in Redis, only the tokens tell: a transaction never commits
//     after one that was fenced by a later lease on the same name. So all holders
//     must fence what they do. That another one has acquired the lease, but has
//     not committed under it yet, stops nobody. The greatest token is kept in the
//     object _sb/fence/<name>.json, which the first transaction under each lease
//     writes along with its documents; those after it read it twice. A ReadOnly
//     transaction writes nothing: it is a guarantee to itself alone.
//
// Either way, a lease whose Lost channel is closed is refused.
func (tx *Tx) Fence(ctx context.Context, lease ports.Lease) error {
	if err := tx.usable(opFence); err != nil {
		return err
	}
	if lease == nil {
		return invalid(opFence, "", "", "the lease is nil")
	}
	return readFail(opFence, "", "", tx.fence(ctx, lease))
}

func (tx *Tx) fence(ctx context.Context, held ports.Lease) error {
	check := func(ctx context.Context) error { return tx.checkToken(ctx, held) }
	look := tx.raiseToken
	if kept, ok := lease.CheckerOf(held); ok {
		check = kept.Check
		look = func(ctx context.Context, _ ports.Lease) error { return kept.Check(ctx) }
	}
	if err := errors.Join(lostLease(held), ports.ContextDone(ctx, opFence, held.Name())); err != nil {
		return err
	}
	if err := look(ctx, held); err != nil {
		return err
	}
	tx.addCheck(func(ctx context.Context) error {
		if err := lostLease(held); err != nil {
			return err
		}
		return check(ctx)
	})
	return nil
}

// lostLease is the error of a lease that its holder knows to be gone.
func lostLease(held ports.Lease) error {
	select {
	case <-held.Lost():
		return ports.Fail(opFence, held.Name(), ports.ErrLost, nil)
	default:
		return nil
	}
}

// raiseToken makes sure that the token in the store is not greater than that of
// the lease, and has the transaction write it if it is smaller.
func (tx *Tx) raiseToken(ctx context.Context, held ports.Lease) error {
	if problem := layout.CheckName(held.Name()); problem != "" {
		return ports.Fail(opFence, held.Name(), ports.ErrInvalidKey, errors.New(problem))
	}
	key := layout.NamedKey(layout.FencePrefix, held.Name())
	if body, planned := tx.systemBody(key); planned {
		_, err := fenced(cas.State{Key: key, Exists: true, Body: body}, held, true)
		return err
	}
	state, err := tx.db.resolver.Read(ctx, key)
	if err != nil {
		return err
	}
	token, err := fenced(state, held, false)
	if err != nil || token == held.Token() || tx.options.readOnly {
		return err
	}
	rev := tx.db.registers.NextRevision(state)
	return tx.writeSystem(key, state, document.Compose(rev, 0, fmt.Appendf(nil, `{"token":%d}`, held.Token())))
}

// systemBody is what the transaction writes to a system object.
func (tx *Tx) systemBody(key string) (body []byte, planned bool) {
	tx.mu.Lock()
	defer tx.mu.Unlock()
	if w := tx.systemWrite(key); w != nil {
		return w.Body, true
	}
	return nil, false
}

// checkToken is raiseToken for the moment of the commit. Tokens only grow, so
// what it finds now was so ever since it was found before. A lock of a foreign
// transaction would raise the token.
func (tx *Tx) checkToken(ctx context.Context, held ports.Lease) error {
	key := layout.NamedKey(layout.FencePrefix, held.Name())
	if _, planned := tx.systemBody(key); planned {
		return nil // the lock of this very transaction is there
	}
	state, err := tx.db.registers.Read(ctx, key)
	if err != nil {
		return err
	}
	if document.IsLocked(state.Body) {
		return fmt.Errorf("another transaction is about to raise the token of %q: %w", held.Name(), ports.ErrPrecondition)
	}
	_, err = fenced(state, held, !tx.options.readOnly)
	return err
}

// fenced answers the token in the store. It fails if that is greater than the
// token of the lease or, with exact, any other.
func fenced(state cas.State, held ports.Lease, exact bool) (uint64, error) {
	token, err := decodeToken(state)
	if err == nil && (token > held.Token() || exact && token != held.Token()) {
		err = ports.Fail(opFence, held.Name(), ports.ErrLost, fmt.Errorf("the token of the lease is %d, and %d has committed", held.Token(), token))
	}
	return token, err
}

func decodeToken(state cas.State) (uint64, error) {
	if !state.Exists {
		return 0, nil
	}
	d, err := document.Parse(bytes.Clone(state.Body), true)
	var stored struct {
		Token *uint64 `json:"token"`
	}
	if err == nil && !d.Deleted { // a transaction that was ended leaves a tombstone
		err = json.Unmarshal(d.Members, &stored)
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("decode fence: %w: %w: %s", ports.ErrCorrupt, err, state.Key)
	case d.Deleted:
		return 0, nil
	case stored.Token == nil:
		return 0, fmt.Errorf("decode fence: %w: it has no token: %s", ports.ErrCorrupt, state.Key)
	}
	return *stored.Token, nil
}
