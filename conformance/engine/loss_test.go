package engine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// losing is a site with a memory index that can be made to lose everything.
func losing() (*site, *memory.Index, *faults.Plan) {
	index, plan := memory.NewIndex(memory.IndexOptions{}), faults.New(faults.Options{})
	return &site{store: memory.NewStore(memory.StoreOptions{}), index: faults.Index(index, plan)}, index, plan
}

func TestAnIndexThatLostEverythingIsNotBelieved(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*memory.Index){
		"flushed":     (*memory.Index).Lose,
		"restarted":   (*memory.Index).Restart,
		"failed over": func(x *memory.Index) { x.Failover(memory.NewIndex(memory.IndexOptions{}).Snapshot()) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, index, _ := losing()
				c := people(t, s.open(t))
				_, err := c.Create(t.Context(), "ann", person{Name: "Ann"})
				require.NoError(t, err)
				agreeByIndex(t, s, c)
				lose(index)
				var profile core.Profile
				require.Equal(t, []string{"ann"}, ids(t, c.Query().Where(core.Eq("name", "Ann")).Profile(&profile)))
				require.Empty(t, profile.Index)
				require.NotEmpty(t, profile.Reason)
				_, err = c.Create(t.Context(), "bob", person{Name: "Bob"})
				require.NoError(t, err, "writers go on at once")
				agree(t, c)
				agreeByIndex(t, s, c)
			})
		})
	}
}

// An install whose answer was lost must not come true after the index has
// lost everything: an empty index would be in the regime that is called ready.
func TestALateInstallDoesNotMakeAnEmptyIndexValid(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, index, plan := losing()
		late := plan.On(faults.Match{Method: faults.Install}).ApplyLate()
		c := people(t, s.open(t))
		_, err := c.Create(t.Context(), "ann", person{Name: "Ann"})
		require.NoError(t, err)
		agreeByIndex(t, s, c)
		index.Lose()
		late.Apply(t.Context())
		agree(t, c)
		agreeByIndex(t, s, c)
	})
}

// Where no put can come late, none may be sent, or be under way, when the
// lease on the manifest is over, also on the fact that there is no manifest.
func TestAPutDoesNotOutliveItsLease(t *testing.T) {
	t.Parallel()
	for name, indexed := range map[string]bool{"a collection without index so far": false, "a collection with another index": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
				plan := faults.New(faults.Options{})
				slow := &site{store: faults.Store(s.store, plan), index: s.index}
				var writer *core.Collection[counted]
				if indexed {
					writer = collection[counted](t, slow.open(t, skipProbe), "counts", core.Index("other"))
					ready(t, slow, writer)
				} else {
					writer = collection[counted](t, slow.open(t, skipProbe), "counts")
				}
				pause := plan.On(faults.Match{Method: faults.Put, KeyPrefix: "counts/"}).Pause()
				done := make(chan error)
				go func() {
					_, err := writer.Create(context.WithoutCancel(t.Context()), "a", counted{7})
					done <- err
				}()
				<-pause.Reached()
				c := collection[counted](t, s.open(t), "counts", core.Index("n"))
				ready(t, s, c)
				pause.Release()
				require.NoError(t, <-done, "nothing was written, so it can be done again")
				var profile core.Profile
				found, err := c.Query().Where(core.Eq("n", 7)).Profile(&profile).IDs(t.Context())
				require.NoError(t, err)
				require.Equal(t, []string{"a"}, found, profile.String())
			})
		})
	}
}

// The lease of a process that was stopped has run out when it wakes up: its
// put, which then takes as long as a late put can, must be known to an index
// that was declared meanwhile.
func TestAProcessThatSleptFetchesTheManifestAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &site{store: memory.NewStore(likeS3), index: memory.NewIndex(memory.IndexOptions{})}
		plan := faults.New(faults.Options{})
		sleepy := &site{store: faults.Store(s.store, plan), index: faults.Index(s.index, plan)}
		first := people(t, sleepy.open(t, skipProbe, func(o *core.Options) { o.Attempts = 1 }))
		ready(t, s, first)
		pause := plan.On(faults.Match{Method: faults.Begin}).PauseAfter()
		late := plan.On(faults.Match{Method: faults.Put, KeyPrefix: "people/"}).ApplyLate()
		done := make(chan error)
		go func() {
			_, err := first.Create(context.WithoutCancel(t.Context()), "ann", person{Name: "Ann"})
			done <- err
		}()
		<-pause.Reached()
		second := collection[person](t, s.open(t), "people", core.Index("note"))
		later(t, 50*time.Second)
		pause.Release()
		require.ErrorIs(t, <-done, core.ErrOutcomeUnknown)
		ready(t, s, second)
		require.Equal(t, []error{nil}, late.Apply(t.Context()))
		require.Equal(t, []string{"ann"}, ids(t, second.Query().Where(core.Eq("note", nil))))
		agreeByIndex(t, s, second)
	})
}
