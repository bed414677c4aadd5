package txn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/txn"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

const patience = time.Second

// client is one process on a store. Its time is that of the bubble it lives in.
type client struct {
	*txn.Resolver
	plan *faults.Plan
}

func newClient(store *memory.Store) *client {
	clock, plan := ports.SystemClock(), faults.New(faults.Options{})
	policy := retry.Policy{Attempts: 3, Base: time.Millisecond, Max: 10 * time.Millisecond}
	registers := &cas.Registers{
		Objects: faults.Store(store.Client(), plan), Clock: clock,
		Retry: &retry.Retrier{Policy: policy, Clock: clock, Random: rand.Uint64},
	}
	return &client{&txn.Resolver{Registers: registers, Random: rand.Uint64, Patience: patience}, plan}
}

// newStore is a store whose versions are hashes, as those of S3.
func newStore() *memory.Store { return memory.NewStore(memory.StoreOptions{HashVersions: true}) }

func doc(rev revision.Revision, text string) []byte {
	return document.Compose(rev, 0, fmt.Appendf(nil, `{"v":%q}`, text))
}

// put writes an object by other means.
func put(t *testing.T, store *memory.Store, key string, body []byte) {
	t.Helper()
	if _, err := store.Put(context.Background(), key, body, ports.Any); err != nil {
		t.Fatal(err)
	}
}

// holds reads an object by other means; empty: there is none.
func holds(store *memory.Store, key string) string {
	object, err := store.Get(context.Background(), key, ports.GetOptions{})
	if err != nil {
		return ""
	}
	return string(object.Data)
}

// keys are those of all objects.
func keys(t *testing.T, store *memory.Store, prefix string) (found []string) {
	t.Helper()
	for info, err := range store.List(context.Background(), ports.ListOptions{Prefix: prefix}) {
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, info.Key)
	}
	return found
}

// value is what a body holds as the user sees it; empty: nothing.
func value(t *testing.T, body []byte) string {
	t.Helper()
	if body == nil {
		return ""
	}
	d, err := document.Parse(append([]byte(nil), body...), true)
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	text, _ := strings.CutPrefix(string(d.Members), `{"v":"`)
	return strings.TrimSuffix(text, `"}`)
}

// attempt begins a transaction that sets all the keys to a value.
func (c *client) attempt(t *testing.T, reads bool, text string, names ...string) (*txn.Attempt, []*txn.Write) {
	t.Helper()
	a := &txn.Attempt{
		Resolver: c.Resolver, ID: txn.NewID(c.Registers.Clock.Now(), c.Random),
		Reads: reads, Wait: c.Patience, Workers: 4,
	}
	var writes []*txn.Write
	for _, name := range names {
		base, err := c.Read(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		before, _ := document.RevisionOf(base.Body)
		body := doc(revision.Next(before, c.Registers.Clock.Now(), c.Random()), text)
		if text == "" {
			body = document.Tombstone(revision.Next(before, c.Registers.Clock.Now(), c.Random()))
		}
		writes = append(writes, &txn.Write{Base: base, Body: body})
	}
	return a, writes
}

// locked is an attempt that has locked everything.
func (c *client) locked(t *testing.T, reads bool, text string, names ...string) *txn.Attempt {
	t.Helper()
	a, writes := c.attempt(t, reads, text, names...)
	if err := a.Lock(t.Context(), writes...); err != nil {
		t.Fatal(err)
	}
	return a
}

// open is a gate that lets everything through.
func open(ctx context.Context) (context.Context, context.CancelFunc, error) {
	return ctx, func() {}, nil
}

// decide commits an attempt.
func decide(t *testing.T, a *txn.Attempt) {
	t.Helper()
	if err := a.Decide(t.Context(), open); err != nil {
		t.Fatal(err)
	}
}

// sees is what a reader is told.
func (c *client) sees(t *testing.T, key string, mode txn.Mode) (string, txn.View) {
	t.Helper()
	state, err := c.Registers.Read(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	view, _, err := c.Look(t.Context(), state, mode)
	if err != nil {
		t.Fatal(err)
	}
	return value(t, view.Body), view
}

// reads is what a writer finds, which is not locked.
func (c *client) reads(t *testing.T, key string) string {
	t.Helper()
	state, err := c.Read(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	if document.IsLocked(state.Body) || string(state.Body) != again(state, c) {
		t.Errorf("%s: %s", key, state.Body)
	}
	return value(t, state.Body)
}

// again reads the object of a state again, through the store of a client.
func again(state cas.State, c *client) string {
	object, err := c.Registers.Objects.Get(context.Background(), state.Key, ports.GetOptions{})
	if err != nil {
		return ""
	}
	return string(object.Data)
}

func sleep(t *testing.T, d time.Duration) {
	t.Helper()
	if err := ports.SystemClock().Sleep(t.Context(), d); err != nil {
		t.Fatal(err)
	}
}

func decided(store *memory.Store, a *txn.Attempt) string {
	body := holds(store, layout.DecisionKey(a.ID))
	for _, state := range []string{"committed", "aborted"} {
		if strings.HasPrefix(body, `{"state":"`+state+`"`) {
			return state
		}
	}
	return body
}
