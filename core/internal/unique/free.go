package unique

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/ports"
)

// Owner is a document that wants a value, and BaseOf the state that its write
// rests on.
type Owner struct{ ID, Base string }

// Transaction is what a transaction that wants a value is doing to the
// collection: the documents that it writes, all of which it has locked, with
// the members of their next state, nil where it deletes.
type Transaction struct {
	ID     string
	Writes map[string][]byte
}

// Duplicate says that another document has the value.
type Duplicate struct {
	Definition
	Text     json.RawMessage // the value
	Existing string          // id of the document that has it
}

// Error names the field and the document.
func (e *Duplicate) Error() string {
	return fmt.Sprintf("the value %s of the unique %s is that of document %q", shorten(e.Text), e.Definition, e.Existing)
}

func shorten(text []byte) []byte {
	const most = 200
	if len(text) > most {
		return append(slices.Clone(text[:most]), "…"...)
	}
	return text
}

// ErrStale says that the document that wants the value is not in the state any
// more that its write rests on. It matches ports.ErrPrecondition.
var ErrStale = fmt.Errorf("the document changed while its unique values were claimed: %w", ports.ErrPrecondition)

const (
	freeRounds = 40 // how often a claim is judged again because something changed
	patience   = 4  // how often a pending claim is looked at before its document is fenced
)

// Free returns the state of the claim of a need, unlocked, that the document me
// may replace by compare-and-swap: there is none, it is free or dead, or it is
// me's own for the same base. tx is nil outside of a transaction; inside, all
// documents that it writes must be locked by it. It waits for pending claims of
// others, and then fences them. It answers
//
//   - a *Duplicate: another document has the value;
//   - ErrStale: me is to be read again;
//   - any other error: nothing is known. It never matches ports.ErrUnknown.
func (c *Checker) Free(ctx context.Context, need Need, me Owner, tx *Transaction) (cas.State, error) {
	state, err := c.free(ctx, need, me, tx)
	return state, known(ctx, need.Key, err)
}

// known makes the error of a claim one of a call that changed nothing: a claim
// alone has no effect, also one that takes effect later.
func known(ctx context.Context, key string, err error) error {
	switch {
	case err == nil || !errors.Is(err, ports.ErrUnknown):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		return ports.Fail("claim", key, ports.ErrUnavailable, errors.New(err.Error()))
	}
}

func (c *Checker) free(ctx context.Context, need Need, me Owner, tx *Transaction) (cas.State, error) {
	m := meeting{Checker: c, need: need, me: me, tx: tx}
	for range freeRounds {
		state, err := c.Resolver.Read(ctx, need.Key)
		if err != nil {
			return state, err
		}
		free, err := m.try(ctx, state)
		if free || err != nil {
			return state, err
		}
	}
	return cas.State{}, fmt.Errorf("%w: the claim changes faster than it can be judged: %s", ErrStale, need.Key)
}

// meeting is one document that wants a value, and finds claims on it.
type meeting struct {
	*Checker
	need   Need
	me     Owner
	tx     *Transaction
	waited int
}

// try judges one state of the claim. If it is not free, it does something
// about it, and the claim is to be read again.
func (m *meeting) try(ctx context.Context, state cas.State) (free bool, err error) {
	cl, err := parse(state)
	if err != nil || cl.Document == "" {
		return err == nil, err
	}
	txID := ""
	if m.tx != nil {
		txID = m.tx.ID
	}
	o, err := m.readOwner(ctx, cl.Document, txID)
	if err != nil {
		return false, err
	}
	verdict, err := m.judge(m.need.Definition, m.need.Key, cl, o)
	if err != nil {
		return false, err
	}
	switch verdict {
	case Held:
		return m.held(cl, o)
	case Pending:
		return m.pending(ctx, cl, o)
	default:
		return true, nil
	}
}

// held: the value is free only to the transaction that takes it from its
// document.
func (m *meeting) held(cl claim, o owner) (free bool, err error) {
	next, writes := m.writes(cl.Document)
	if writes && !o.ours {
		return false, ErrStale // somebody ended the transaction
	}
	if writes {
		keeps, err := m.has(m.need.Definition, m.need.Key, next)
		if err != nil || !keeps {
			return !keeps, err
		}
	}
	if cl.Document == m.me.ID {
		return false, ErrStale
	}
	return false, &Duplicate{Definition: m.need.Definition, Text: m.need.Text, Existing: cl.Document}
}

// pending: a claim for the same write is shared, that for another write of the
// same document means that one of the two is late. Others are waited for, and
// then fenced.
func (m *meeting) pending(ctx context.Context, cl claim, o owner) (free bool, err error) {
	_, writes := m.writes(cl.Document)
	switch {
	case writes:
		return false, ErrStale // somebody ended the transaction, or its lock would be there
	case cl.Document == m.me.ID && cl.Base == m.me.Base:
		return true, nil
	case cl.Document == m.me.ID:
		return false, ErrStale
	case m.waited < patience:
		m.waited++
		return false, m.Registers.Retry.Wait(ctx, "claim", m.need.Key, m.waited+1, errPending)
	}
	return false, m.fence(ctx, o)
}

var errPending = errors.New("another write has claimed the value")

func (m *meeting) writes(id string) (next []byte, writes bool) {
	if m.tx == nil {
		return nil, false
	}
	next, writes = m.tx.Writes[id]
	return next, writes
}

// fence moves a document off the state that it is in, so that a write which
// rests on that can't come any more. Its content and revision stay.
func (c *Checker) fence(ctx context.Context, o owner) error {
	if o.corrupt != nil {
		return ports.Fail("claim", o.state.Key, ports.ErrCorrupt,
			fmt.Errorf("a write of it has claimed the value and did not end, and what can't be read can't be moved on: put or delete it: %w", o.corrupt))
	}
	body := o.state.Body
	if !o.state.Exists {
		body = nil
	}
	fenced, err := document.WithNonce(body, document.NewNonce(c.Random()))
	if err != nil {
		return fmt.Errorf("fence: %w: %w: %s", ports.ErrCorrupt, err, o.state.Key)
	}
	_, err = c.Registers.Replace(ctx, o.state, fenced, nil)
	if moved(err) {
		return nil // by whomever
	}
	return err
}

// moved reports whether a compare-and-swap failed, if it did, because there is
// something new to be read.
func moved(err error) bool {
	return err == nil || errors.Is(err, ports.ErrPrecondition) || errors.Is(err, cas.ErrTooOld)
}
