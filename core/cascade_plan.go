package core

import (
	"context"
	"fmt"
	"strings"
)

// DeletePlan is what a delete would do.
type DeletePlan struct {
	Root       *PlannedDocument // with what goes with it below; nil: there is no document
	Deleted    int              // documents, with the root
	Changed    int              // documents that would lose a reference
	Restricted []ReferenceError // what would refuse it; then nothing is deleted or changed
	Atomic     bool             // it would be one transaction
}

// PlannedDocument is a document that a delete would delete or change.
type PlannedDocument struct {
	Collection string
	ID         string
	Field      string // by which it refers to the document above; empty at the root
	Change     bool   // it would lose the reference, and stay
	Below      []*PlannedDocument
}

// DeletePlan finds out what Delete would do, and does nothing: which documents
// go with this one, which change, or what does not let it be deleted. It reads
// all documents that refer to it, directly or not, and is true of the moment.
func (c *Collection[T]) DeletePlan(ctx context.Context, id string) (plan DeletePlan, err error) {
	ctx, end := c.docs.operation(ctx, "plan delete", id)
	defer func() { end(plan.Deleted, err) }()
	if err := c.docs.checkID("plan delete", id); err != nil {
		return plan, err
	}
	root := node{c.docs.name, id}
	there, err := c.docs.db.isThere(ctx, c.tx, root)
	if err != nil || !there {
		return plan, err
	}
	e := &expansion{db: c.docs.db, tx: c.tx}
	if err := e.expand(ctx, root); err != nil {
		return plan, readFail("plan delete", c.docs.name, id, err)
	}
	return e.plan(), nil
}

func (e *expansion) plan() DeletePlan {
	planned := make([]*PlannedDocument, 0, len(e.deletes))
	add := func(s step, change bool) {
		p := &PlannedDocument{Collection: s.collection, ID: s.id, Field: s.field, Change: change}
		if s.parent >= 0 {
			above := planned[s.parent]
			above.Below = append(above.Below, p)
		}
		if !change {
			planned = append(planned, p)
		}
	}
	for _, s := range e.deletes {
		add(s, false)
	}
	for _, s := range e.order {
		add(s, true)
	}
	return DeletePlan{
		Root: planned[0], Deleted: len(e.deletes), Changed: len(e.order), Restricted: e.blocked,
		Atomic: len(e.deletes)+len(e.order) <= cascadeLimit,
	}
}

// String draws the plan as a tree.
func (p DeletePlan) String() string {
	if p.Root == nil {
		return "nothing to delete\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "delete %s/%s\n", p.Root.Collection, p.Root.ID)
	p.Root.draw(&b, "")
	for _, r := range p.Restricted {
		fmt.Fprintf(&b, "refused: %s\n", r.Error())
	}
	return b.String()
}

func (p *PlannedDocument) draw(b *strings.Builder, indent string) {
	for i, below := range p.Below {
		branch, deeper := branchOf(i == len(p.Below)-1)
		verb := "delete"
		if below.Change {
			verb = "change"
		}
		fmt.Fprintf(b, "%s%s%s %s/%s (%s)\n", indent, branch, verb, below.Collection, below.ID, below.Field)
		below.draw(b, indent+deeper)
	}
}
