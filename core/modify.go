package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// A WriteOption says in which state a document must be for a write.
type WriteOption func(*expectation)

// IfRevision lets the write take effect only on exactly this revision;
// otherwise it answers ErrConflict. With a revision that came with a document
// within the last minute the write costs one request instead of two.
func IfRevision(r Revision) WriteOption {
	return func(e *expectation) { e.revision = &r }
}

// IfAbsent lets the write take effect only if there is no such document;
// otherwise it answers ErrExists.
func IfAbsent() WriteOption { return func(e *expectation) { e.absent = true } }

// expectation is what a change asks of the current state.
type expectation struct {
	absent   bool
	present  bool
	revision *Revision
}

func expect(options []WriteOption) (e expectation, err error) {
	for _, option := range options {
		option(&e)
	}
	if e.absent && e.revision != nil {
		return e, errors.New("IfAbsent and IfRevision exclude each other")
	}
	return e, nil
}

// change is one wish to change one document.
type change struct {
	expectation
	op string

	// replaces says that the change does not depend on what was there, so that
	// it can also replace what can't be read.
	replaces bool

	honours *index.Rules // see current

	// build computes the user's members of the next state from those of the
	// current one; both may be nil for "no document". It may be called again
	// if another writer came first.
	build func(members []byte) ([]byte, error)
}

// errKeep is what build answers to leave the document as it is.
var errKeep = errors.New("nothing to change")

// userError carries an error of the user's own function, which goes back to
// the user as it is.
type userError struct{ error }

// of completes an error of the encoding with what it was for.
func (u userError) of(op, collection, id string) error {
	var e *Error
	if errors.As(u.error, &e) && e.Op == opEncode {
		e.Op, e.Collection, e.ID = op, collection, id
	}
	return u.error
}

const opEncode = "encode"

// modify applies a change to a document. It starts over when another writer
// came first, unless the change names a revision.
func (d *documents) modify(ctx context.Context, id string, c *change) (current, error) {
	if err := d.checkID(c.op, id); err != nil {
		return current{}, err
	}
	var next current
	base, known := d.assume(id, c)
	end := func() {}
	defer func() { end() }()
	for attempt := 1; ; attempt++ {
		var err error
		if !known {
			base, err = d.read(ctx, id)
		}
		if err == nil {
			next, err = d.apply(ctx, id, base, c)
		}
		if err == nil {
			return next, nil
		}
		if errors.Is(err, errKeep) {
			if !known {
				base.kept = true
				return base, nil
			}
			known = false // only what was read in this call can be left as it is
			continue
		}
		var own userError
		if errors.As(err, &own) {
			return current{}, own.of(c.op, d.name, id)
		}
		// An unknown outcome can have either as its cause, and ends here: done
		// again as a new write, the change might be made twice.
		again := !errors.Is(err, ports.ErrUnknown) && (errors.Is(err, ports.ErrPrecondition) || errors.Is(err, cas.ErrTooOld))
		if !again || attempt >= d.db.options.ConflictAttempts {
			return current{}, fail(c.op, d.name, id, err)
		}
		if !known { // what was assumed without a read costs nothing to look up
			if err := d.db.registers.Retry.Wait(ctx, c.op, base.state.Key, min(attempt, conflictSteps), err); err != nil {
				return current{}, fail(c.op, d.name, id, err)
			}
			if attempt == 1 {
				end = d.db.takeTurn(ctx, base.state.Key)
			}
		}
		known = false
	}
}

// assume answers the state on which the first attempt can be based without a
// read: absent for a create, what was read then for a fresh revision.
func (d *documents) assume(id string, c *change) (current, bool) {
	key := layout.DocumentKey(d.folder, id)
	if c.absent {
		return current{id: id, state: d.db.registers.Absent(key)}, true
	}
	if c.revision == nil || c.revision.origin == nil {
		return current{}, false
	}
	from := c.revision.origin
	if from.docs != d || from.state.Key != key || !d.db.registers.Fresh(from.state) {
		return current{}, false
	}
	return current{id: id, state: from.state, revision: c.revision.number, schema: from.schema, members: from.content}, true
}

func (d *documents) apply(ctx context.Context, id string, base current, c *change) (current, error) {
	if err := c.check(d, base); err != nil {
		return current{}, err
	}
	members, err := c.build(base.members)
	if err != nil {
		return current{}, err
	}
	return d.write(ctx, base, members)
}

// check answers an *Error if the current state is not the one asked for.
func (c *change) check(d *documents, base current) error {
	refuse := func(kind error, why error) error {
		return &Error{Op: c.op, Collection: d.name, ID: base.id, Kind: kind, Err: why}
	}
	switch {
	case c.absent && base.exists():
		return refuse(ErrExists, nil)
	case c.revision != nil && (!base.exists() || base.revision != c.revision.number):
		if !base.exists() {
			return refuse(ErrConflict, fmt.Errorf("there is no document, revision %s was expected", c.revision))
		}
		return refuse(ErrConflict, fmt.Errorf("the document is at revision %s, %s was expected", Revision{number: base.revision}, c.revision))
	case c.revision != nil && c.revision.edited(d, base):
		return refuse(ErrConflict, errors.New("the document was changed by other means, which left its revision alone"))
	case base.corrupt != nil && !c.replaces:
		return refuse(ErrCorrupt, base.corrupt)
	case c.present && !base.exists():
		return refuse(ErrNotFound, nil)
	}
	return nil
}

// leaseRounds bounds how often a write starts over because its lease on the
// index manifest ran out before it could be sent.
const leaseRounds = 5

// write replaces base by members, or by a tombstone if they are nil: entries
// of the new state first, then the document by compare-and-swap, then, in the
// background, away with the entries of the old state.
func (d *documents) write(ctx context.Context, base current, members []byte) (next current, err error) {
	for range leaseRounds {
		next, err = d.writeOnce(ctx, base, members)
		if !errors.Is(err, index.ErrLapsed) || errors.Is(err, ports.ErrUnknown) {
			break
		}
	}
	return next, err
}

// writeOnce makes a revision of its own each time: entries that a failed
// attempt takes back must not be those of the next one.
func (d *documents) writeOnce(ctx context.Context, base current, members []byte) (current, error) {
	next := current{id: base.id, members: members}
	next.revision = revision.Next(base.revision, d.db.options.Clock.Now(), d.db.options.Random())
	if members != nil {
		next.schema = base.schema
	}
	return d.writeAs(ctx, base, next)
}

// writeAs is writeOnce for a next state that has its revision.
func (d *documents) writeAs(ctx context.Context, base, next current) (current, error) {
	ticket, err := d.holder.Begin(ctx, next.content())
	if err != nil {
		return current{}, err
	}
	if !ticket.Honour(next.honours, next.members == nil) {
		ticket.Failed()
		return current{}, errRules
	}
	if err := d.claim(ctx, ticket, &base, &next); err != nil {
		ticket.Failed()
		return current{}, err
	}
	next.state, err = d.db.registers.Write(ctx, base.state, next.body(), next.revision, ticket.Gate)
	switch {
	case err == nil:
		ticket.Committed(base.content())
	case errors.Is(err, ports.ErrUnknown):
		ticket.Unknown()
	default:
		ticket.Failed()
	}
	return next, err
}

// body is the stored form of a state that is to be written.
func (c *current) body() []byte {
	if c.members == nil {
		return document.Tombstone(c.revision)
	}
	return document.Compose(c.revision, c.schema, c.members)
}
