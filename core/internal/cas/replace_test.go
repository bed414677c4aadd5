package cas_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// replacing replaces revision 10, or nothing, by a body that nobody else makes,
// while a fault hits the put.
type replacing struct {
	name   string
	fault  func(t *testing.T, f *fixture)
	want   error // nil: success
	landed bool
	puts   int
}

func replacements() []replacing {
	put := faults.Match{Method: faults.Put, Nth: 1}
	return []replacing{
		{"nothing happens", func(*testing.T, *fixture) {}, nil, true, 1},
		{"the answer is lost", func(_ *testing.T, f *fixture) { f.plan.On(put).LoseAnswer() }, nil, true, 1},
		{"the request is lost", func(_ *testing.T, f *fixture) { f.plan.On(put).LoseRequest() }, nil, true, 2},
		{"the store is busy", func(_ *testing.T, f *fixture) { f.plan.On(put).Busy() }, nil, true, 2},
		{"it is sent twice, and the second answer comes", func(_ *testing.T, f *fixture) { f.plan.On(put).LoseAnswer(); f.plan.On(put).Retry() }, nil, true, 1},
		{"another one came first", func(t *testing.T, f *fixture) {
			f.plan.On(put).Before(func(context.Context, faults.Call) error { f.other(t, 15); return nil })
		}, ports.ErrPrecondition, false, 1},
		{"the request is lost, and a newer one came", func(t *testing.T, f *fixture) {
			f.plan.On(put).Before(func(context.Context, faults.Call) error { f.other(t, 30); return nil })
			f.plan.On(put).LoseRequest()
		}, ports.ErrPrecondition, false, 1},
		{"the answer is lost, and a newer one came", func(t *testing.T, f *fixture) {
			f.plan.On(put).After(func(_ context.Context, _ faults.Call, err error) error { f.other(t, 30); return err })
			f.plan.On(put).LoseAnswer()
		}, ports.ErrPrecondition, false, 1},
		{"the answer is lost, and the object is gone", func(t *testing.T, f *fixture) {
			f.plan.On(put).After(func(ctx context.Context, _ faults.Call, err error) error {
				_ = f.store.Delete(ctx, key, ports.Any)
				return err
			})
			f.plan.On(put).LoseAnswer()
		}, ports.ErrPrecondition, false, 1},
		{"always busy", func(_ *testing.T, f *fixture) {
			f.plan.On(faults.Match{Method: faults.Put, Times: faults.Always}).Busy()
		}, ports.ErrBusy, false, 5},
		{"no answer ever", func(_ *testing.T, f *fixture) {
			f.plan.On(faults.Match{Method: faults.Put, Times: faults.Always}).LoseRequest()
		}, ports.ErrUnknown, false, 5},
		{"not permitted", func(_ *testing.T, f *fixture) { f.plan.On(put).Fail(ports.ErrPermission) }, ports.ErrPermission, false, 1},
		{"unknown, and then nothing can be read", func(_ *testing.T, f *fixture) {
			f.plan.On(put).LoseAnswer()
			f.plan.On(faults.Match{Method: faults.Get, Times: faults.Always}).Fail(ports.ErrUnavailable)
		}, ports.ErrUnknown, true, 1},
	}
}

func TestReplaceTellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	for _, c := range replacements() {
		for _, creating := range []bool{false, true} {
			if creating && c.name == "the answer is lost, and the object is gone" {
				continue // then nothing tells that it was there, and it is sent again
			}
			name := c.name + ", replacing"
			if creating {
				name = c.name + ", creating"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				c.run(t, creating)
			})
		}
	}
}

func (c replacing) run(t *testing.T, creating bool) {
	f := newFixture(memory.StoreOptions{})
	base := f.Absent(key)
	if !creating {
		f.other(t, 10)
		var err error
		if base, err = f.Read(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	f.plan.Reset()
	c.fault(t, f)
	state, err := f.Replace(t.Context(), base, body(20, "ours"), nil)
	f.became(t, state, err, c.want, c.landed, c.puts)
	if err == nil && state.Spent() {
		t.Errorf("the new state is %+v", state)
	}
}

// What replaced something can be replaced in turn, also when it was found again
// by its bytes.
func TestReplaceIsABaseForTheNext(t *testing.T) {
	t.Parallel()
	f := newFixture(memory.StoreOptions{})
	f.plan.On(faults.Match{Method: faults.Put, Nth: 1, Times: 2}).LoseAnswer()
	state, err := f.Replace(t.Context(), f.Absent(key), []byte(`{"_tx":{"id":"x","prev":"absent"}}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = f.Replace(t.Context(), state, body(20, "next"), nil); err != nil || f.holds(t) != string(body(20, "next")) {
		t.Errorf("%v, the store holds %s", err, f.holds(t))
	}
}

func TestReplaceIsNotSentLongAfterItsRead(t *testing.T) {
	t.Parallel()
	f := newFixture(memory.StoreOptions{})
	base := f.Absent(key)
	f.clock.move(cas.MaxAge + time.Nanosecond)
	if _, err := f.Replace(t.Context(), base, body(20, "ours"), nil); !errors.Is(err, cas.ErrTooOld) || f.plan.Calls(faults.Put) != 0 {
		t.Errorf("Replace answers %v after %d puts", err, f.plan.Calls(faults.Put))
	}
	if _, err := f.Replace(t.Context(), f.Absent(key).Spend(), body(20, "ours"), nil); !errors.Is(err, cas.ErrTooOld) {
		t.Errorf("on a spent base it answers %v", err)
	}
}
