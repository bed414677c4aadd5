package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// counted is a document that shows how often an update took effect.
type counted struct {
	N int `json:"n"`
}

func increment(v *counted) error { v.N++; return nil }

// hesitant is a site whose first process has a plan of faults, and a second
// process that has none.
func hesitant(t *testing.T, change ...func(*core.Options)) (plan *faults.Plan, first, second *core.Collection[counted]) {
	t.Helper()
	s := &site{store: memory.NewStore(likeS3)}
	plan = faults.New(faults.Options{LateWrites: true})
	second = collection[counted](t, s.open(t), "counts")
	_, err := second.Create(t.Context(), "n", counted{})
	require.NoError(t, err)
	faulty := &site{store: faults.Store(s.store, plan)}
	first = collection[counted](t, faulty.open(t, append(change, skipProbe)...), "counts")
	return plan, first, second
}

func skipProbe(o *core.Options) { o.SkipProbe = true }

func read(t *testing.T, c *core.Collection[counted]) int {
	t.Helper()
	doc, err := c.Get(t.Context(), "n")
	require.NoError(t, err)
	return doc.Value.N
}

// An update whose request is delayed, lands, and is replaced by another
// writer's before the second attempt must not be done again.
func TestAnUnknownOutcomeIsNotRetriedAsANewWrite(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		plan, first, second := hesitant(t)
		late := plan.On(faults.Match{Method: faults.Put}).ApplyLate()
		plan.On(faults.Match{Method: faults.Put, Nth: 2}).Before(func(ctx context.Context, _ faults.Call) error {
			require.Equal(t, []error{nil}, late.Apply(ctx))
			_, err := second.Update(ctx, "n", increment)
			require.NoError(t, err)
			return nil
		})
		_, err := first.Update(t.Context(), "n", increment)
		require.ErrorIs(t, err, core.ErrOutcomeUnknown)
		require.Equal(t, 2, read(t, second), "one update of each process")
	})
}

// The same, where the second attempt is not even sent, because its base has
// become too old while the process slept.
func TestAnUnknownOutcomeIsNotRetriedAfterASleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock := newWrongClock(0)
		plan, first, second := hesitant(t, withClock(clock))
		late := plan.On(faults.Match{Method: faults.Put}).ApplyLate()
		plan.On(faults.Match{Method: faults.Get, Key: "counts/n.json", Nth: 2}).After(func(ctx context.Context, _ faults.Call, _ error) error {
			require.Equal(t, []error{nil}, late.Apply(ctx))
			clock.off.Add(int64(2 * time.Minute))
			return nil
		})
		_, err := first.Update(t.Context(), "n", increment)
		require.ErrorIs(t, err, core.ErrOutcomeUnknown)
		require.Equal(t, 1, read(t, second))
	})
}

// The same for what has no index and so no lease: a write that slept is not
// sent again, because what it was based on may have come back meanwhile.
func TestACounterIsNotRetriedAfterASleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		clock, plan := newWrongClock(0), faults.New(faults.Options{LateWrites: true})
		s := &site{store: faults.Store(memory.NewStore(likeS3), plan)}
		counter := s.open(t, withClock(clock), skipProbe).Counter()
		_, err := counter.Add(t.Context(), "n", 1)
		require.NoError(t, err)
		late := plan.On(faults.Match{Method: faults.Put}).ApplyLate()
		plan.On(faults.Match{Method: faults.Get, Nth: 2}).After(func(ctx context.Context, _ faults.Call, _ error) error {
			require.Equal(t, []error{nil}, late.Apply(ctx))
			clock.off.Add(int64(2 * time.Minute))
			return nil
		})
		_, err = counter.Add(t.Context(), "n", 1)
		require.ErrorIs(t, err, ports.ErrUnknown)
		n, err := counter.Value(t.Context(), "n")
		require.NoError(t, err)
		require.EqualValues(t, 2, n)
	})
}

// One's own success that answers like a failure is found out by reading back.
func TestAnOwnSuccessIsRecognised(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*faults.Rule){
		"answer lost":     func(r *faults.Rule) { r.LoseAnswer() },
		"request lost":    func(r *faults.Rule) { r.LoseRequest() },
		"applied late":    func(r *faults.Rule) { r.ApplyAfter(2) },
		"delivered twice": func(r *faults.Rule) { r.Duplicate() },
		"delivered again": func(r *faults.Rule) { r.ReplayAfter(2) },
		"busy":            func(r *faults.Rule) { r.Busy() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				plan, first, second := hesitant(t)
				harm(plan.On(faults.Match{Method: faults.Put}))
				doc, err := first.Update(t.Context(), "n", increment)
				require.NoError(t, err)
				_, err = first.Update(t.Context(), "n", increment, core.IfRevision(doc.Revision))
				require.NoError(t, err)
				require.Equal(t, 2, read(t, second))
			})
		})
	}
}

// The index is asked before the document is written: if its answer does not
// come, nothing happened to the document, and the error says so.
func TestAnIndexThatDoesNotAnswerLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(*faults.Rule){
		"answers lost":  func(r *faults.Rule) { r.LoseAnswer() },
		"requests lost": func(r *faults.Rule) { r.LoseRequest() },
		"unavailable":   func(r *faults.Rule) { r.Fail(ports.ErrUnavailable) },
		"closed":        func(r *faults.Rule) { r.Fail(ports.ErrClosed) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				plan := faults.New(faults.Options{})
				s := &site{store: memory.NewStore(memory.StoreOptions{}), index: faults.Index(memory.NewIndex(memory.IndexOptions{}), plan)}
				c := people(t, s.open(t))
				ready(t, s, c)
				harm(plan.On(faults.Match{Method: faults.Begin, Times: faults.Always}))
				_, err := c.Create(t.Context(), "ann", person{})
				require.ErrorIs(t, err, core.ErrUnavailable)
				require.NotErrorIs(t, err, core.ErrOutcomeUnknown)
				plan.Heal()
				found, err := c.Exists(t.Context(), "ann")
				require.NoError(t, err)
				require.False(t, found)
				agreeByIndex(t, s, c)
			})
		})
	}
}
