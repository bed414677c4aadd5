package core

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/cas"
)

// cascadeJob is such a delete as this process carries it out.
type cascadeJob struct {
	db    *DB
	root  node
	key   string
	want  expectation
	state cas.State
	cascadeRecord
}

// cascadeRounds bounds how often a delete starts over because more and more
// documents refer to what it deletes.
const cascadeRounds = 10

// deleteByJob deletes a document with what it takes with it in many
// transactions. Leases keep two processes from doing the same work; that it
// is done right does not depend on them.
func (d *documents) deleteByJob(ctx context.Context, id string, want expectation) error {
	job := &cascadeJob{db: d.db, root: node{d.name, id}, want: want}
	key, lock := job.root.place()
	job.key = key
	held, err := d.db.Lock(ctx, lock, LockOptions{})
	if err != nil {
		return fail("delete", d.name, id, err)
	}
	defer held.letGo(ctx)
	return fail("delete", d.name, id, job.run(held.Context()))
}

// run finds out what there is to do, refuses, or begins and ends the job.
func (j *cascadeJob) run(ctx context.Context) error {
	for range cascadeRounds {
		there, err := j.check(ctx)
		if err != nil {
			return j.stop(err)
		}
		if !there {
			return j.end(ctx, nil)
		}
		e := &expansion{db: j.db}
		if err := e.expand(ctx, j.root); err != nil {
			return j.stop(err)
		}
		if err := e.refused("delete", j.root); err != nil {
			return j.end(ctx, err)
		}
		if err := j.begin(ctx, len(e.deletes)+len(e.order)); err != nil {
			return err
		}
		err = j.work(ctx, e)
		switch {
		case errors.Is(err, errTooMany), errors.Is(err, errRules):
			continue
		case err == nil, kindIs(err, ErrConstraint), kindIs(err, ErrConflict) && j.moved(ctx):
			return j.end(ctx, err)
		default:
			return j.unfinished(err)
		}
	}
	return j.unfinished(errors.New("more and more documents refer to what is deleted"))
}

// stop answers why the delete can't go on.
func (j *cascadeJob) stop(cause error) error {
	if j.Total > 0 { // there is a record, and maybe something was deleted
		return j.unfinished(cause)
	}
	return cause
}

// unfinished says that the delete may still come to its end, by another call or
// by Maintain.
func (j *cascadeJob) unfinished(cause error) error {
	return &Error{
		Op: "delete", Collection: j.root.collection, ID: j.root.id, Kind: ErrOutcomeUnknown,
		Err: fmt.Errorf("%d of %d documents were deleted or changed, the rest is due: %w", j.Done, j.Total, cause),
	}
}

// check reports whether there still is something to delete.
func (j *cascadeJob) check(ctx context.Context) (bool, error) {
	docs := j.db.documents(j.root.collection)
	current, err := docs.read(ctx, j.root.id)
	if err != nil {
		return false, fail("delete", j.root.collection, j.root.id, err)
	}
	want := j.want
	want.present = false // to find nothing is fine
	if err := deletion(want, nil).check(docs, current); err != nil {
		return false, err
	}
	j.Revision = current.revision.String()
	return current.exists(), nil
}

// moved reports whether the document is not at the revision any more that the
// delete is bound to, if it is.
func (j *cascadeJob) moved(ctx context.Context) bool {
	if j.want.revision == nil {
		return false
	}
	_, err := j.check(ctx)
	return kindIs(err, ErrConflict)
}

// work does what was found, in transactions: changes first, then deletes, what
// refers before what it refers to, and the root alone at the end.
func (j *cascadeJob) work(ctx context.Context, e *expansion) error {
	gone := make(map[node]bool, len(e.deletes))
	for _, s := range e.deletes {
		gone[s.node] = true
	}
	for some := range slices.Chunk(e.order, cascadeLimit) {
		if err := j.changeSome(ctx, e, some); err != nil {
			return err
		}
	}
	order := e.childrenFirst()
	for some := range slices.Chunk(order[:len(order)-1], cascadeLimit) {
		if err := j.deleteSome(ctx, e, gone, some); err != nil {
			return err
		}
	}
	return j.deleteRoot(ctx)
}

// changeSome takes the ids of what will be deleted out of documents.
func (j *cascadeJob) changeSome(ctx context.Context, found *expansion, some []step) error {
	err := j.db.Tx(ctx, func(tx *Tx) error {
		within := *found
		within.tx = tx
		return j.db.together(len(some), func(i int) error { return within.change(ctx, some[i].node) })
	})
	if err != nil {
		return err
	}
	return j.progress(ctx, len(some))
}

// deleteSome deletes documents, with what refers to them by now, in one
// transaction; in more if they have become too many for one. What will be gone
// anyway takes no part, and what no longer refers to anything that was found
// stays.
func (j *cascadeJob) deleteSome(ctx context.Context, found *expansion, gone map[node]bool, some []node) error {
	for _, n := range some {
		delete(gone, n)
	}
	err := j.db.Tx(ctx, func(tx *Tx) error {
		still, err := j.stillIn(ctx, tx, found, some)
		if err != nil || len(still) == 0 {
			return err
		}
		return j.deleteWith(ctx, tx, gone, expectation{}, still...)
	})
	switch {
	case err == nil:
		return j.progress(ctx, len(some))
	case !errors.Is(err, errTooMany) || len(some) == 1:
		return err
	}
	half := len(some) / 2
	for _, n := range some[half:] {
		gone[n] = true
	}
	if err := j.deleteSome(ctx, found, gone, some[:half]); err != nil {
		return err
	}
	return j.deleteSome(ctx, found, gone, some[half:])
}

// deleteRoot deletes the document itself, which hardly anything refers to by
// now.
func (j *cascadeJob) deleteRoot(ctx context.Context) error {
	err := j.db.Tx(ctx, func(tx *Tx) error { return j.deleteWith(ctx, tx, nil, j.want, j.root) })
	if docs := j.db.documents(j.root.collection); docs.cantRead(j.root.id, err) {
		err = docs.deleteUnreadable(ctx, j.root.id, j.want)
	}
	if err != nil {
		return err
	}
	j.Done++
	return nil
}

func (j *cascadeJob) deleteWith(ctx context.Context, tx *Tx, gone map[node]bool, want expectation, roots ...node) error {
	e := &expansion{db: j.db, tx: tx, limit: cascadeLimit, except: gone}
	if err := e.expand(ctx, roots...); err != nil {
		return err
	}
	if err := e.refused("delete", roots[0]); err != nil {
		return err
	}
	return e.apply(ctx, want)
}

// stillIn answers those of some documents that, as the transaction sees them,
// refer to something that was found to be deleted.
func (j *cascadeJob) stillIn(ctx context.Context, tx *Tx, found *expansion, some []node) (still []node, err error) {
	claimed := make([]bool, len(some))
	err = j.db.together(len(some), func(i int) error {
		doc, err := j.db.untyped(tx, some[i].collection).Get(ctx, some[i].id)
		if kindIs(err, ErrNotFound) {
			return nil
		}
		claimed[i] = err == nil && found.claims(some[i].collection, doc.Value)
		return err
	})
	for i, n := range some {
		if claimed[i] {
			still = append(still, n)
		}
	}
	return still, err
}

// claims reports whether a document refers to something that is deleted, and
// has to go with it.
func (e *expansion) claims(collection string, members []byte) bool {
	for parent, references := range e.rules {
		for _, r := range references {
			if r.Collection != collection || r.OnDelete != string(Cascade) {
				continue
			}
			for _, id := range idsIn(members, r.Field) {
				if _, taken := e.at[node{parent, id}]; taken {
					return true
				}
			}
		}
	}
	return false
}

func (j *cascadeJob) progress(ctx context.Context, done int) error {
	j.Done += done
	return j.note(ctx)
}

// childrenFirst orders what is deleted: what refers before what it refers to,
// except where documents refer to each other in a circle, and the root last.
func (e *expansion) childrenFirst() []node {
	const (
		unseen = iota
		open
		done
	)
	state := make([]int, len(e.deletes))
	order := make([]node, 0, len(e.deletes))
	stack := []int{0}
	for len(stack) > 0 {
		i := stack[len(stack)-1]
		switch state[i] {
		case unseen:
			state[i] = open
			for _, kid := range e.deletes[i].kids {
				if state[kid] == unseen {
					stack = append(stack, kid)
				}
			}
			continue
		case open:
			state[i] = done
			order = append(order, e.deletes[i].node)
		}
		stack = stack[:len(stack)-1]
	}
	return order
}
