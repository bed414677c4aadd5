package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/ports"
)

// resumeCascades takes up deletes that processes left half done. Those that
// somebody still works on are left alone, and those whose document was written
// since are given up: whoever wrote it wants it.
func (db *DB) resumeCascades(ctx context.Context) error {
	var failed []error
	for info, err := range db.store.List(ctx, ports.ListOptions{Prefix: layout.CascadePrefix}) {
		if err != nil {
			return errors.Join(append(failed, readFail("resume delete", "", "", err))...)
		}
		if err := db.resumeCascade(ctx, info.Key); err != nil {
			failed = append(failed, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return errors.Join(failed...)
}

func (db *DB) resumeCascade(ctx context.Context, key string) error {
	job, err := db.readCascade(ctx, key)
	if err != nil || job == nil {
		return err
	}
	_, lock := job.root.place()
	held, err := db.Lock(ctx, lock, LockOptions{Wait: -1})
	if errors.Is(err, ports.ErrBusy) {
		return nil // somebody works on it
	}
	if err == nil {
		defer held.letGo(ctx)
		err = job.resume(held.Context())
	}
	return fail("resume delete", job.root.collection, job.root.id, err)
}

// readCascade reads a record; nil if it says nothing.
func (db *DB) readCascade(ctx context.Context, key string) (*cascadeJob, error) {
	state, err := db.registers.Read(ctx, key)
	if err != nil || !state.Exists || document.IsTombstone(state.Body) {
		return nil, readFail("resume delete", "", "", err)
	}
	job := &cascadeJob{db: db, key: key, state: state}
	parsed, err := document.Parse(slices.Clone(state.Body), true)
	if err == nil {
		err = json.Unmarshal(parsed.Members, &job.cascadeRecord)
	}
	job.root = node{job.Collection, job.ID}
	if own, _ := job.root.place(); err == nil && own != key {
		err = fmt.Errorf("it is about document %q of %q", job.ID, job.Collection)
	}
	if err != nil {
		return nil, &Error{Op: "resume delete", Kind: ErrCorrupt, Err: fmt.Errorf("the record %s: %w", key, err)}
	}
	return job, nil
}

// resume goes on with a job, unless it is done, or its document is another one
// by now. Under the lease nobody else works on it.
func (j *cascadeJob) resume(ctx context.Context) error {
	now, err := j.db.readCascade(ctx, j.key)
	if err != nil || now == nil {
		return err
	}
	began, err := ParseRevision(now.Revision)
	if err != nil && now.Revision != "" {
		return &Error{Op: "resume delete", Kind: ErrCorrupt, Err: fmt.Errorf("the record %s: %w", j.key, err)}
	}
	now.want.revision = &began
	_, err = now.check(ctx)
	if err == nil {
		err = now.run(ctx)
	}
	if err != nil && now.moved(ctx) {
		return now.end(ctx, nil)
	}
	return err
}
