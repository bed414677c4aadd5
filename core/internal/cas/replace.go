package cas

import (
	"bytes"
	"context"
)

// Replace replaces base with a body that nobody else can write, where it makes
// no difference whether the write landed and was replaced since, or never
// landed: locks, their removal, and fences. It answers
//
//   - the new state;
//   - ports.ErrPrecondition: base is gone, and the body is not there;
//   - ports.ErrUnknown: the write may still take effect;
//   - any other error: the write took no effect.
func (r *Registers) Replace(ctx context.Context, base State, body []byte, gate Gate) (State, error) {
	w := write{Registers: r, base: base, body: body, gate: gate}
	w.judge = func(found State) verdict {
		if found.Exists && bytes.Equal(found.Body, body) {
			return landed
		}
		return neverLanded
	}
	state, err := w.run(ctx)
	state.spent = false
	return state, err
}
