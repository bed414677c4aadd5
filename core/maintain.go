package core

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/storetime"
	"github.com/smarterbase/smarterbase/ports"
)

// MaintainOptions refine Maintain. The zero value works.
type MaintainOptions struct {
	// All reads every document, instead of those that changed since the last
	// complete run. It is for stores whose times can't be trusted.
	All bool
}

// MaintainReport says what a run of Maintain did.
type MaintainReport struct {
	Listed     int // objects
	Read       int // of them
	Locks      int // of transactions, replaced by what came of them
	Tombstones int // of deleted documents, removed
	Decisions  int // of transactions, removed
	Staged     int // values that transactions left, removed
	Claims     int // of unique values that nobody has any more, released
	Leases     int // that had run out, freed
	Scratch    int // objects of other work, removed
	Failed     int // objects that could not be dealt with; the first reason is the error
}

// retention is how old what was deleted or decided must be before it is
// removed, by the clock of the store. No request arrives so late, and no write is
// based on a read so old, that it could be deceived by the absence.
const retention = 24 * time.Hour

// Maintain brings to an end what crashed processes left behind, and removes
// what nobody needs any more: it replaces the locks of transactions by what came
// of them, takes up deletes that were left half done, removes tombstones and
// decisions that are older than 24 hours, releases unique values that no
// document has, and frees leases that ran out. What it removes it has verified
// first. It can run at any time, also in several processes at once.
//
// It lists the whole store, and reads the objects that changed since the last
// complete run and those that are small and old enough to be a tombstone. A store
// without conditional delete keeps its tombstones. What fails is counted, and the
// run goes on; the first failure is the error.
//
// A database that is open does this by itself; see Settings.MaintainEvery.
func (db *DB) Maintain(ctx context.Context, options MaintainOptions) (report MaintainReport, err error) {
	ctx, end := db.operation(ctx, ports.OperationInfo{Name: "maintain"})
	defer func() { end(report.Read, err) }()
	if err := db.checkOpen("maintain", "", ""); err != nil {
		return report, err
	}
	m := &maintenance{DB: db, report: &report}
	m.now, _ = storetime.Clock{Registers: db.registers, Random: db.options.Random}.Now(ctx)
	last, err := db.lastMaintenance(ctx)
	if err != nil {
		return report, readFail("maintain", "", "", err)
	}
	if !options.All && !last.Began.After(m.now) { // otherwise the clock was set back
		m.since = last.Began.Add(-maintainOverlap)
	}
	for _, step := range []func(context.Context){m.claims, m.objects, m.decisions, m.cascades, m.leases, m.scratch} {
		if ctx.Err() == nil {
			step(ctx)
		}
	}
	if err = errors.Join(m.first, ctx.Err()); ctx.Err() == nil {
		err = errors.Join(err, db.noteMaintenance(ctx, m.now, err == nil))
	}
	return report, readFail("maintain", "", "", err)
}

// maintainOverlap is by how much runs look further back than they need to, in
// case the clock of the store was set back.
const maintainOverlap = time.Hour

// maintenance is one run of Maintain.
type maintenance struct {
	*DB
	report *MaintainReport
	now    time.Time // by the clock of the store; zero: unknown
	since  time.Time
	first  error
}

// old reports whether an object can be removed that nobody needs.
func (m *maintenance) old(written time.Time) bool {
	return storetime.Age(m.now, written) > retention
}

// note counts what failed.
func (m *maintenance) note(err error) {
	if err == nil {
		return
	}
	m.report.Failed++
	if m.first == nil {
		m.first = err
	}
}

// maintenanceRecord is the object that tells when the last complete run was.
type maintenanceRecord struct {
	Began time.Time `json:"began"`          // by the clock of the store
	Tried time.Time `json:"tried,omitzero"` // when a later one began in which something failed
}

func (db *DB) lastMaintenance(ctx context.Context) (r maintenanceRecord, err error) {
	state, err := db.registers.Read(ctx, layout.MaintenanceKey)
	return parseMaintenance(state), err
}

// parseMaintenance answers nothing of what can't be read: then everything is
// looked at.
func parseMaintenance(state cas.State) (r maintenanceRecord) {
	if !state.Exists {
		return r
	}
	d, err := document.Parse(slices.Clone(state.Body), true)
	if err != nil || json.Unmarshal(d.Members, &r) != nil {
		return maintenanceRecord{}
	}
	return r
}

// noteMaintenance notes that there was a run which began at that time, and
// whether it was complete.
func (db *DB) noteMaintenance(ctx context.Context, began time.Time, complete bool) error {
	if began.IsZero() {
		return nil
	}
	_, err := db.registers.Update(ctx, layout.MaintenanceKey, func(current cas.State) ([]byte, revision.Revision, error) {
		r := parseMaintenance(current)
		if r.Tried = began.UTC(); complete {
			r = maintenanceRecord{Began: began.UTC()}
		}
		members, err := json.Marshal(r)
		if err != nil {
			return nil, 0, err
		}
		rev := db.registers.NextRevision(current)
		return document.Compose(rev, 0, members), rev, nil
	})
	return err
}
