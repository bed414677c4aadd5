package gcs

import (
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/ports"
)

// Delete removes an object in one request.
func (s *bucket) Delete(ctx context.Context, key string, cond ports.Condition) error {
	if err := s.enter(ctx, opDelete, key); err != nil {
		return err
	}
	defer s.gate.Leave()
	if cond.IsAbsent() {
		return ports.Fail(opDelete, key, ports.ErrUnsupported, errors.New("only what exists can be deleted"))
	}
	if !cond.IsAny() && !s.caps.ConditionalDelete {
		return ports.Fail(opDelete, key, ports.ErrUnsupported, errors.New("this server deletes whatever the generation is"))
	}
	object, ok := s.conditional(key, cond)
	if !ok {
		return ports.Fail(opDelete, key, ports.ErrPrecondition, errNever)
	}
	a := &attempt{bucket: s.name, op: opDelete, key: key, cond: cond, applies: always}
	a.start(ctx)
	defer a.stop()
	err := object.Delete(a.ctx)
	if err == nil {
		return nil
	}
	if err = a.fail(err); errors.Is(err, ports.ErrNotFound) {
		return nil
	}
	return err
}
