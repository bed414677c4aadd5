package s3

import (
	"context"
	"hash/maphash"
)

// turns of all stores of the process: two of them may be on one bucket.
var turns = newTurnstile()

// turnstile lets one caller at a time through for each key, and sometimes makes
// callers for different keys wait for each other.
type turnstile struct {
	seed  maphash.Seed
	doors [256]chan struct{}
}

func newTurnstile() *turnstile {
	t := &turnstile{seed: maphash.MakeSeed()}
	for i := range t.doors {
		t.doors[i] = make(chan struct{}, 1)
	}
	return t
}

// wait returns what ends the turn, or the error of ctx.
func (t *turnstile) wait(ctx context.Context, key string) (done func(), err error) {
	door := t.doors[maphash.String(t.seed, key)%uint64(len(t.doors))]
	select {
	case door <- struct{}{}:
		return func() { <-door }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
