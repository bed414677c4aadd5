package core

import (
	"context"
	"errors"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/storetime"
	"github.com/smarterbase/smarterbase/ports"
)

// maintenanceLock is the lease under which one process at a time maintains a
// store in the background. Several would do no harm, only work.
const maintenanceLock = "smarterbase/maintenance"

const (
	// firstLook is how long after the start a process asks whether the store
	// is due, and up to as long again, so that not all ask at once.
	firstLook = 10 * time.Minute

	// maintainEvery is the default of Settings.MaintainEvery.
	maintainEvery = 24 * time.Hour
)

// maintainBackground maintains the store whenever it is due.
func (db *DB) maintainBackground(ctx context.Context) {
	wait := firstLook + time.Duration(db.options.Random()%uint64(firstLook))
	for db.options.Clock.Sleep(ctx, wait) == nil {
		ran, err := db.maintainIfDue(ctx)
		if !errors.Is(err, ports.ErrBusy) { // another process is at it
			db.indexes.Report("maintain", "", err)
		}
		wait = min(db.options.MaintainEvery, time.Hour)
		if ran { // also where a store without times keeps no record of it
			wait = db.options.MaintainEvery
		}
		wait += time.Duration(db.options.Random() % uint64(firstLook))
	}
}

func (db *DB) maintainIfDue(ctx context.Context) (ran bool, err error) {
	if due, err := db.maintenanceDue(ctx); !due || err != nil {
		return false, err
	}
	held, err := db.Lock(ctx, maintenanceLock, LockOptions{Wait: -1})
	if err != nil {
		return false, err
	}
	err = held.run(ctx, func(ctx context.Context, _ ports.Lease) error {
		if due, err := db.maintenanceDue(ctx); !due || err != nil {
			return err // another process was at it until now
		}
		ran = true
		_, err := db.Maintain(ctx, MaintainOptions{})
		return err
	})
	return ran, err
}

// maintenanceDue compares the time of the last run with that of the store. A run
// in which something failed is not repeated at once: it would read all of the
// store, and fail again. One in the future says that the clock was set back.
func (db *DB) maintenanceDue(ctx context.Context) (bool, error) {
	last, err := db.lastMaintenance(ctx)
	if err != nil || last == (maintenanceRecord{}) {
		return err == nil, err
	}
	now, known := storetime.Clock{Registers: db.registers, Random: db.options.Random}.Now(ctx)
	began := last.Began
	if last.Tried.After(began) {
		began = last.Tried
	}
	age := now.Sub(began)
	return known && (age >= db.options.MaintainEvery || age < -maintainOverlap), nil
}
