package unique

import (
	"context"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
)

// Verdict is what a claim means at one moment.
type Verdict int

// The verdicts.
const (
	Free    Verdict = iota // there is none, or it names no document
	Dead                   // the document lacks the value, and no write that the claim was made for can come
	Pending                // such a write may still come
	Held                   // the document has the value
)

// owner is the document that a claim names, as it is now.
type owner struct {
	state   cas.State
	members []byte // nil: there is none, or it can't be read
	corrupt error
	ours    bool // it is locked by the transaction that asks; members are those behind the lock
}

// readOwner reads the document of a claim as a writer does. A lock of the
// transaction tx itself is left where it is.
func (c *Checker) readOwner(ctx context.Context, id, tx string) (o owner, err error) {
	if o.state, err = c.Registers.Read(ctx, layout.DocumentKey(c.Folder, id)); err != nil {
		return o, err
	}
	body := o.state.Body
	if o.state.Exists && document.IsLocked(body) {
		lock, before, found, err := document.ParseLock(body)
		switch {
		case err == nil && found && tx != "" && lock.ID == tx:
			o.ours, body = true, before
		default:
			if o.state, err = c.Resolver.Settle(ctx, o.state); err != nil {
				return o, err
			}
			body = o.state.Body
		}
	}
	if body != nil {
		o.members, o.corrupt = membersOf(body)
	}
	return o, nil
}

// membersOf are the user's members of a body; nil of a tombstone.
func membersOf(body []byte) ([]byte, error) {
	d, err := document.Parse(slices.Clone(body), true)
	return d.Members, err
}

// judge says what a claim means, given its document.
func (c *Checker) judge(d Definition, key string, cl claim, o owner) (Verdict, error) {
	has, err := c.has(d, key, o.members)
	switch {
	case err != nil:
		return Held, err
	case has:
		return Held, nil
	case !o.ours && BaseOf(o.state) == cl.Base:
		return Pending, nil
	default:
		return Dead, nil
	}
}

// Judge says what the claim of a value of d means that was read in that state,
// and is not locked. Dead stays so as long as the claim is in that state.
func (c *Checker) Judge(ctx context.Context, d Definition, state cas.State) (Verdict, error) {
	cl, err := parse(state)
	if err != nil || cl.Document == "" {
		return Free, err
	}
	o, err := c.readOwner(ctx, cl.Document, "")
	if err != nil {
		return Held, err
	}
	return c.judge(d, state.Key, cl, o)
}
