package core

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
)

// documents is a collection below its types: ids and JSON text. All typed
// collections and free keys of one name share it.
type documents struct {
	db     *DB
	name   string
	folder string
	holder *index.Holder

	// From when on every program honours the references that were declared here,
	// on the monotonic clock.
	honoured atomic.Int64
}

func newDocuments(db *DB, name string) *documents {
	return &documents{
		db: db, name: name, folder: layout.Folder(name),
		holder: index.NewHolder(db.indexes, name),
	}
}

// current is a document as it was read.
type current struct {
	id       string
	state    cas.State
	revision revision.Revision
	schema   int
	members  []byte // nil: there is no document
	corrupt  error  // there is something, but it can't be read as a document
	kept     bool   // a change left it as it was

	honours *index.Rules // what was done for the rules of the collection before it is written
}

func (c *current) exists() bool { return c.members != nil || c.corrupt != nil }

func (c *current) content() index.State {
	return index.State{ID: c.id, Content: index.Content{Revision: c.revision, Members: c.members}}
}

// public is the revision that users see.
func (c *current) public(docs *documents) Revision {
	state := c.state
	state.Body = nil
	return Revision{number: c.revision, origin: &origin{docs: docs, state: state, content: c.members, schema: c.schema}}
}

// read reads a document for a change: its text is checked as a whole, and a
// lock on it is replaced by what came of its transaction.
func (d *documents) read(ctx context.Context, id string) (current, error) {
	state, err := d.db.resolver.Read(ctx, layout.DocumentKey(d.folder, id))
	if err != nil || !state.Exists {
		return current{id: id, state: state}, notSent(ctx, err)
	}
	return parseCurrent(id, state, true)
}

// look answers what a locked document means to a reader.
func (d *documents) look(ctx context.Context, id string, state cas.State, mode txn.Mode) (c current, view txn.View, err error) {
	view, state, err = d.db.resolver.Look(ctx, state, mode)
	if err != nil {
		return c, view, err
	}
	if state.Exists, state.Body = view.Body != nil, view.Body; view.Locked {
		state = state.Spend()
	}
	if !state.Exists {
		return current{id: id, state: state}, view, nil
	}
	c, err = parseCurrent(id, state, true)
	return c, view, err
}

func parseCurrent(id string, state cas.State, check bool) (current, error) {
	c := current{id: id, state: state}
	c.revision, _ = document.RevisionOf(state.Body)
	parsed, err := document.Parse(state.Body, check)
	if errors.Is(err, document.ErrLocked) {
		return c, err
	}
	if err != nil {
		c.corrupt = err
		return c, nil
	}
	c.revision, c.schema, c.members = parsed.Revision, parsed.Version, parsed.Members
	return c, nil
}

// get reads a document for its user, who decodes it and so checks its text.
func (d *documents) get(ctx context.Context, id string) (current, error) {
	key := layout.DocumentKey(d.folder, id)
	state := d.db.registers.Absent(key)
	object, err := d.db.reads.Get(ctx, key)
	if err != nil {
		return current{}, err
	}
	state.Exists, state.Version, state.Body = true, object.Version, object.Data
	c := current{id: id, state: state}
	parsed, err := document.Parse(object.Data, false)
	switch {
	case errors.Is(err, document.ErrLocked):
		return d.getLocked(ctx, id, state)
	case err != nil:
		return c, corrupt(err)
	case parsed.Deleted:
		return c, ports.ErrNotFound
	}
	c.revision, c.schema, c.members = parsed.Revision, parsed.Version, parsed.Members
	return c, nil
}

// getLocked is get for a document that a transaction has locked.
func (d *documents) getLocked(ctx context.Context, id string, state cas.State) (current, error) {
	c, _, err := d.look(ctx, id, state, txn.Plain)
	switch {
	case err != nil:
		return c, err
	case c.corrupt != nil:
		return c, corrupt(c.corrupt)
	case c.members == nil:
		return c, ports.ErrNotFound
	}
	return c, nil
}

func corrupt(cause error) error { return fmt.Errorf("%w: %w", ports.ErrCorrupt, cause) }

// checkID refuses ids and a closed database.
func (d *documents) checkID(op, id string) error {
	if problem := layout.CheckID(id); problem != "" {
		return invalid(op, d.name, id, "%s", problem)
	}
	if key := layout.DocumentKey(d.folder, id); len(key) > ports.MaxKeyBytes {
		return invalid(op, d.name, id, "collection and id are together longer than %d bytes when escaped", ports.MaxKeyBytes)
	}
	return d.db.checkOpen(op, d.name, id)
}

func (d *documents) operation(ctx context.Context, op, id string) (context.Context, func(int, error)) {
	return d.db.operation(ctx, ports.OperationInfo{Name: op, Collection: d.name, ID: id})
}
