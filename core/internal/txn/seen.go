package txn

import (
	"bytes"
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// Seen is what a transaction saw of an object that it does not write.
type Seen struct {
	State    cas.State
	Exists   bool              // there was a document
	Revision revision.Revision // of it, or of its tombstone; 0 where there was nothing
	Members  []byte            // of it; nil: any
	Pending  string            // of the View
}

// Unchanged reports whether the object is, at one moment after the call, what
// was seen, with nobody about to change it.
func (r *Resolver) Unchanged(ctx context.Context, seen Seen) (bool, error) {
	undecided := seen.Pending == ""
	if !undecided {
		// First the decision, then the lock: if that is still there, the decision
		// can't have been removed before.
		d, err := r.Decision(ctx, seen.Pending)
		if err != nil {
			return false, err
		}
		undecided = d == nil
	}
	if undecided {
		if same, err := r.Still(ctx, seen.State); same || err != nil {
			return same, err
		}
	}
	return r.sameRevision(ctx, seen)
}

// Still reports whether an object is the one that was read, lock and all.
func (r *Resolver) Still(ctx context.Context, seen cas.State) (same bool, err error) {
	var info ports.ObjectInfo
	err = r.Registers.Retry.Do(ctx, "validate", seen.Key, func() error {
		info, err = r.Registers.Objects.Stat(ctx, seen.Key)
		return err
	})
	if errors.Is(err, ports.ErrNotFound) {
		return !seen.Exists, nil
	}
	return err == nil && seen.Exists && info.Version == seen.Version, err
}

// sameRevision reads the object again: a lock that came and went, or a fence,
// changes the version and leaves the document as it was.
func (r *Resolver) sameRevision(ctx context.Context, seen Seen) (bool, error) {
	state, err := r.Registers.Read(ctx, seen.State.Key)
	if err != nil {
		return false, err
	}
	view, _, err := r.Look(ctx, state, Strict)
	if err != nil || view.Pending != "" {
		return false, err
	}
	exists, rev, members := summary(view.Body)
	// Revision 0 is that of a key that never had a document, and of documents
	// that came by other means, of which only the version tells anything. Programs
	// that know nothing of revisions leave them alone.
	same := exists == seen.Exists && rev == seen.Revision && (!exists || rev != 0)
	return same && (seen.Members == nil || bytes.Equal(members, seen.Members)), nil
}

// summary tells of a body whether it is a document, its revision, and what it
// holds.
func summary(body []byte) (exists bool, rev revision.Revision, members []byte) {
	if body == nil {
		return false, 0, nil
	}
	rev, _ = document.RevisionOf(body)
	d, err := document.Parse(bytes.Clone(body), false)
	return err != nil || !d.Deleted, rev, d.Members
}
