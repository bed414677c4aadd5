package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// guard is a store that looks at every document as it is written: at no moment
// may two have the same email. It does not understand transactions. With lag it is
// far away: calls take time, and with late, puts are lost, lose their answers, and
// come long after their callers gave up.
type guard struct {
	ports.ObjectStore
	t       *testing.T
	lag     func() time.Duration
	late    func() (lose, apply bool, after time.Duration)
	flying  sync.WaitGroup
	mu      sync.Mutex
	holders map[string]string // email → key
	emails  map[string]string // key → email
	fences  atomic.Int64
}

func newGuard(t *testing.T, store ports.ObjectStore) *guard {
	return &guard{ObjectStore: store, t: t, holders: make(map[string]string), emails: make(map[string]string)}
}

func (g *guard) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	g.wait()
	defer g.wait()
	return g.ObjectStore.Get(ctx, key, opts)
}

func (g *guard) wait() {
	if g.lag != nil {
		<-time.After(g.lag())
	}
}

func (g *guard) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	g.wait()
	defer g.wait()
	if g.late != nil {
		if lose, apply, after := g.late(); lose {
			if apply {
				data = bytes.Clone(data)
				g.flying.Go(func() {
					<-time.After(after)
					_, _ = g.put(background, key, data, cond)
				})
			}
			return "", ports.Fail("put", key, ports.ErrUnknown, nil)
		}
	}
	return g.put(ctx, key, data, cond)
}

func (g *guard) put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if !strings.HasPrefix(key, "members/") {
		return g.ObjectStore.Put(ctx, key, data, cond)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	version, err := g.ObjectStore.Put(ctx, key, data, cond)
	if err == nil {
		g.look(key, data)
	}
	return version, err
}

func (g *guard) look(key string, data []byte) {
	var m struct {
		Rev   string `json:"_rev"`
		Email string `json:"email"`
	}
	if err := json.Unmarshal(data, &m); err != nil {
		g.t.Error(err)
	}
	if strings.Contains(m.Rev, ".") {
		g.fences.Add(1)
	}
	if old := g.emails[key]; g.holders[old] == key {
		delete(g.holders, old)
	}
	g.emails[key] = m.Email
	if m.Email == "" {
		return
	}
	if other, held := g.holders[m.Email]; held {
		g.t.Errorf("%s and %s have %s", other, key, m.Email)
	}
	g.holders[m.Email] = key
}

func TestUniqueValuesUnderContention(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) ports.ObjectStore{
		"memory":           func(*testing.T) ports.ObjectStore { return memory.NewStore(memory.StoreOptions{}) },
		"memory as S3":     func(*testing.T) ports.ObjectStore { return memory.NewStore(likeS3) },
		"memory, no nests": func(*testing.T) ports.ObjectStore { return memory.NewStore(memory.StoreOptions{NoNestedKeys: true}) },
		"fs": func(t *testing.T) ports.ObjectStore {
			store, err := fs.Open(t.Context(), filepath.Join(t.TempDir(), "data"), fs.Options{Sync: fs.SyncNone})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, store.Close()) })
			return store
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGuard(t, open(t))
			s := &site{store: g}
			var work sync.WaitGroup
			var refused, written atomic.Int64
			for process := range 3 {
				c := collection[subscriber](t, s.open(t), "members", core.Unique("email").Optional())
				for client := range 4 {
					rng := rand.New(rand.NewPCG(uint64(process), uint64(client)))
					work.Go(func() {
						for range scale("SB_OPS", 40) {
							switch err := contend(t.Context(), c, rng, len(knownEmails)); {
							case err == nil:
								written.Add(1)
							case errors.Is(err, core.ErrConstraint):
								refused.Add(1)
							case !isAny(err, core.ErrExists, core.ErrNotFound, core.ErrConflict):
								t.Error(err)
							}
						}
					})
				}
			}
			work.Wait()
			require.Positive(t, written.Load())
			require.Positive(t, refused.Load())
			t.Logf("%d were written, %d refused, %d fenced", written.Load(), refused.Load(), g.fences.Load())
			g.nothingIsStuck(collection[subscriber](t, s.open(t), "members"))
		})
	}
}

// nothingIsStuck tries to take every value.
func (g *guard) nothingIsStuck(c *core.Collection[subscriber]) {
	t := g.t
	allIsUnique(t, c)
	for _, v := range knownEmails {
		g.mu.Lock()
		holder := g.holders[v]
		g.mu.Unlock()
		_, err := c.Put(t.Context(), "probe", subscriber{Email: v, Tags: []string{"probe"}})
		if holder == "" || holder == "members/probe.json" {
			require.NoError(t, err, v)
			continue
		}
		var cause *core.UniqueError
		require.ErrorAs(t, err, &cause, v)
		require.Equal(t, holder, "members/"+cause.Existing+".json")
	}
}

// TestUniqueValuesSimulation lets processes on a store that is far away want the
// same values, lose requests and answers, and die in the middle of writes. Runs
// differ by their seed.
func TestUniqueValuesSimulation(t *testing.T) {
	t.Parallel()
	first := uint64(scale("SB_SEED", 1))
	var total, fenced, unknown, deaths int64
	for seed := first; seed < first+uint64(scale("SB_SEEDS", 60)); seed++ {
		synctest.Test(t, func(t *testing.T) {
			w := simulateUnique(t, seed)
			total, fenced, unknown, deaths = total+w.written.Load(), fenced+w.guard.fences.Load(), unknown+w.unknown.Load(), deaths+w.deaths.Load()
		})
		if t.Failed() {
			t.Fatalf("with the seed %d", seed)
		}
	}
	t.Logf("%d writes, %d fences, %d unknown outcomes, %d deaths", total, fenced, unknown, deaths)
	require.Positive(t, fenced)
	require.Positive(t, unknown)
	require.Positive(t, deaths)
}

type uniqueWorld struct {
	guard                    *guard
	written, unknown, deaths atomic.Int64
}

func simulateUnique(t *testing.T, seed uint64) *uniqueWorld {
	var mu sync.Mutex
	rng := rand.New(rand.NewPCG(seed, 7))
	draw := func(n int64) int64 {
		mu.Lock()
		defer mu.Unlock()
		return rng.Int64N(n)
	}
	w := &uniqueWorld{guard: newGuard(t, memory.NewStore(likeS3))}
	s := &site{store: w.guard}
	noProbe := func(o *core.Options) { o.SkipProbe = true }
	require.NoError(t, collection[subscriber](t, s.open(t, noProbe), "members").WaitReady(t.Context()))
	w.guard.lag = func() time.Duration {
		if draw(12) == 0 { // longer than others wait
			return time.Duration(draw(3000)) * time.Millisecond
		}
		return time.Duration(draw(60)) * time.Millisecond
	}
	w.guard.late = func() (bool, bool, time.Duration) {
		return draw(100) < 8, draw(3) > 0, time.Duration(draw(8000)) * time.Millisecond
	}
	var work sync.WaitGroup
	for client := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 100+client))
		db := s.open(t, noProbe)
		c := collection[subscriber](t, db, "members")
		work.Go(func() {
			for range 12 {
				w.act(t, c, rng)
			}
		})
	}
	work.Wait()
	w.guard.lag, w.guard.late = nil, nil
	w.guard.nothingIsStuck(collection[subscriber](t, s.open(t, noProbe), "members"))
	w.guard.flying.Wait() // what was under way arrives
	w.guard.nothingIsStuck(collection[subscriber](t, s.open(t, noProbe), "members"))
	return w
}

// act does one thing; now and then its process dies at any moment of it.
func (w *uniqueWorld) act(t *testing.T, c *core.Collection[subscriber], rng *rand.Rand) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if rng.IntN(4) == 0 {
		w.deaths.Add(1)
		time.AfterFunc(time.Duration(rng.IntN(1000))*time.Millisecond, cancel)
	}
	switch err := contend(ctx, c, rng, 2); {
	case err == nil:
		w.written.Add(1)
	case isAny(err, core.ErrOutcomeUnknown):
		w.unknown.Add(1)
	case ctx.Err() == nil && !isAny(err, core.ErrConstraint, core.ErrExists, core.ErrNotFound, core.ErrConflict, core.ErrUnavailable):
		t.Error(err)
	}
}

// contend does one thing to one of few documents, with one of few values.
func contend(ctx context.Context, c *core.Collection[subscriber], rng *rand.Rand, emails int) error {
	id, email := fmt.Sprint("m", rng.IntN(6)), knownEmails[rng.IntN(emails)]
	tags := []string{id}
	switch rng.IntN(6) {
	case 0:
		_, err := c.Create(ctx, id, subscriber{Email: email, Tags: tags})
		return err
	case 1:
		return c.Delete(ctx, id)
	case 2:
		_, err := c.Update(ctx, id, func(m *subscriber) error { m.Email = ""; m.N++; return nil })
		return err
	case 3:
		_, err := c.Patch(ctx, id, fmt.Sprintf(`{"email":%q}`, email))
		return err
	default:
		_, err := c.Put(ctx, id, subscriber{Email: email, Tags: tags})
		return err
	}
}
