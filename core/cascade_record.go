package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// cascadeRecord is a delete that takes more with it than one transaction can:
// the object under _sb/cascade/ that says so while it goes on.
type cascadeRecord struct {
	Collection string    `json:"collection"`
	ID         string    `json:"id"`
	Revision   string    `json:"revision"` // of the document when the delete began
	By         string    `json:"by"`       // who works on it, for people
	Started    time.Time `json:"started"`
	Total      int       `json:"total"` // documents to delete or change, as far as is known
	Done       int       `json:"done"`
}

// place answers under which key the job of a document is kept, and the lease
// under which it is carried out. Many jobs share a lease, since the object of
// a lease stays for ever.
func (n node) place() (key, lock string) {
	sum := sha256.Sum256([]byte(layout.DocumentKey(layout.Folder(n.collection), n.id)))
	name := hex.EncodeToString(sum[:])
	return layout.CascadePrefix + name[:2] + "/" + name + ".json", "sb.cascade." + name[:2]
}

// begin writes the job down, before anything is deleted.
func (j *cascadeJob) begin(ctx context.Context, total int) error {
	if j.Started.IsZero() {
		j.Started = j.db.options.Clock.Now().UTC().Truncate(time.Millisecond)
	}
	j.Collection, j.ID, j.By = j.root.collection, j.root.id, j.db.options.Holder
	j.Total, j.Done = total, 0
	return j.note(ctx)
}

// note writes the record as it is now.
func (j *cascadeJob) note(ctx context.Context) (err error) {
	j.state, err = j.db.registers.Update(ctx, j.key, func(current cas.State) ([]byte, revision.Revision, error) {
		members, err := json.Marshal(j.cascadeRecord)
		if err != nil {
			return nil, 0, fmt.Errorf("encode cascade: %w", err)
		}
		rev := j.db.registers.NextRevision(current)
		return document.Compose(rev, 0, members), rev, nil
	})
	return err
}

// end removes the record, and answers why the job ended. After a success it does
// not matter if that fails: whoever meets the record finds nothing to do.
func (j *cascadeJob) end(ctx context.Context, why error) error {
	err := j.remove(ctx)
	switch {
	case err != nil && why != nil:
		return j.unfinished(errors.Join(why, err))
	case err != nil:
		j.db.indexes.Report("delete end", j.root.collection, err)
	}
	return why
}

// remove removes the record. A store without conditional delete keeps an empty
// one.
func (j *cascadeJob) remove(ctx context.Context) error {
	_, err := j.db.registers.Update(ctx, j.key, func(current cas.State) ([]byte, revision.Revision, error) {
		if j.state = current; !current.Exists || document.IsTombstone(current.Body) || j.db.caps.ConditionalDelete {
			return nil, 0, cas.ErrKeep
		}
		rev := j.db.registers.NextRevision(current)
		return document.Tombstone(rev), rev, nil
	})
	if err == nil && j.state.Exists && j.db.caps.ConditionalDelete {
		err = j.db.store.Delete(ctx, j.key, ports.IfVersion(j.state.Version))
	}
	if errors.Is(err, ports.ErrPrecondition) || errors.Is(err, ports.ErrUnknown) {
		return nil // it was taken up by another, or is looked at by Maintain
	}
	return err
}
