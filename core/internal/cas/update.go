package cas

import (
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// ErrKeep is what a change answers to leave things as they are.
var ErrKeep = errors.New("nothing to change")

// Change computes the next body from the current state.
type Change func(current State) (body []byte, rev revision.Revision, err error)

// Update reads a system object, changes it and writes it, again and again
// until no other writer came between. It answers the state that it left. A
// write of unknown outcome is not made again: the change might be made twice.
func (r *Registers) Update(ctx context.Context, key string, change Change) (State, error) {
	for attempt := 1; ; attempt++ {
		current, err := r.Read(ctx, key)
		if err != nil {
			return State{}, err
		}
		body, rev, err := change(current)
		if errors.Is(err, ErrKeep) {
			return current, nil
		}
		if err != nil {
			return State{}, err
		}
		next, err := r.Write(ctx, current, body, rev, nil)
		if err == nil {
			return next, nil
		}
		again := !errors.Is(err, ports.ErrUnknown) && (errors.Is(err, ports.ErrPrecondition) || errors.Is(err, ErrTooOld))
		if !again || attempt >= max(r.Conflicts, r.Retry.Policy.Attempts) {
			return State{}, err
		}
		if waitErr := r.Retry.Wait(ctx, "update", key, min(attempt, 6), err); waitErr != nil {
			return State{}, waitErr
		}
	}
}
