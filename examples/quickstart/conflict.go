package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core"
)

// conflict lets two writers change one event at the same time. Each adds a
// report of somebody who felt it; neither report may get lost.
func (q *quickstart) conflict(ctx context.Context, n int) error {
	q.heading(n, "Two writers add a report to "+strongest)
	began := time.Now()
	events := q.events.Core()
	first, err := events.Get(ctx, strongest)
	if err != nil {
		return err
	}
	second := first // both have read the same revision
	q.line("   Both read revision %s: felt by %s", first.Revision, number(first.Value.Felt))

	first.Value.Felt++
	first, err = events.Put(ctx, strongest, first.Value, core.IfRevision(first.Revision))
	if err != nil {
		return err
	}
	q.line("   The first stores revision %s: felt by %s", first.Revision, number(first.Value.Felt))

	second.Value.Felt++
	_, err = events.Put(ctx, strongest, second.Value, core.IfRevision(second.Revision))
	if !errors.Is(err, core.ErrConflict) {
		return fmt.Errorf("the second writer was not refused: %w", err)
	}
	q.line("   The second is refused: %v", err)

	second, err = events.Update(ctx, strongest, func(e *Event) error { e.Felt++; return nil })
	if err != nil {
		return err
	}
	q.line("   It updates instead, which reads again, and stores revision %s: felt by %s", second.Revision, number(second.Value.Felt))
	q.cost("nothing is lost, %s", period(time.Since(began)))
	return nil
}
