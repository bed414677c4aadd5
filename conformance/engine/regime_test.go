package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// speed says how long things take. The times are those of the protocol, so
// that leases run out in the middle of everything.
type speed struct {
	short, middle, long time.Duration
	late                time.Duration // how late a put can arrive; 0: a local store
	think               time.Duration // between two operations of a client
	calm                time.Duration // between two disasters, about
}

var (
	networkSpeed = speed{50 * time.Millisecond, 3 * time.Second, 30 * time.Second, 59 * time.Second, 20 * time.Second, 60 * time.Second}
	localSpeed   = speed{time.Millisecond, 300 * time.Millisecond, 3 * time.Second, 0, 2 * time.Second, 6 * time.Second}
)

// world is one simulation: the services, their disasters, and the clients.
type world struct {
	seed    uint64
	rng     *rand.Rand // of the director, who makes clients and disasters
	speed   speed
	history *history
	over    chan struct{} // closed at the end: killed clients' calls return
	flying  sync.WaitGroup

	mu        sync.Mutex
	current   *memory.Index            // the index that new connections get
	stays     map[string]*memory.Index // clients that are cut off with an old one
	snapshots []memory.IndexSnapshot

	told      map[string]error // token → what its writer was told
	byIndex   int
	byScan    int
	disasters int
	killed    int
}

func newWorld(seed uint64, pace speed) *world {
	identities := 0
	w := &world{
		seed: seed, rng: rand.New(rand.NewPCG(seed, 0)), speed: pace, over: make(chan struct{}),
		history: newHistory(memory.NewStore(memory.StoreOptions{HashVersions: pace.late > 0})),
		stays:   make(map[string]*memory.Index), told: make(map[string]error),
	}
	w.current = memory.NewIndex(memory.IndexOptions{NewIdentity: func() string { identities++; return fmt.Sprint("identity ", identities) }})
	return w
}

// server is the index that a client is connected to.
func (w *world) server(client string) *memory.Index {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, cut := w.stays[client]; cut {
		return old
	}
	return w.current
}

// actor is one process with the collection open.
type actor struct {
	*wire
	rng   *rand.Rand
	db    *core.DB
	items *core.Collection[item]
	count int
}

// start opens a process. Its clock is off by up to ten minutes.
func (w *world) start(name string, seed uint64, die int) (*actor, error) {
	a := &actor{wire: newWire(w, name, die), rng: rand.New(rand.NewPCG(w.seed, seed))}
	random := rand.New(rand.NewPCG(w.seed, seed+1<<32))
	var mu sync.Mutex
	options := core.Options{
		Settings: core.Settings{SkipProbe: true, Attempts: 3},
		Components: core.Components{
			Index: indexWire{a.wire}, Clock: newWrongClock(time.Duration(a.rng.IntN(3)-1) * 10 * time.Minute),
			Random: func() uint64 { mu.Lock(); defer mu.Unlock(); return random.Uint64() },
		},
	}
	if w.seed%7 == 6 && a.rng.IntN(3) == 0 { // one that does not reach the index, and turns it off
		options.Index, options.IndexPolicy = nil, core.IndexAvailable
	}
	var err error
	if a.db, err = core.Open(context.Background(), storeWire{a.wire}, options); err != nil {
		return nil, err
	}
	a.items, err = core.NewCollection[item](context.Background(), a.db, "items")
	return a, err
}

// live runs operations until the actor has done its share or was killed. A
// killed one leaves a goroutine that hangs until the world is over.
func (w *world) live(name string, seed uint64, operations int) {
	rng := rand.New(rand.NewPCG(w.seed, seed+1<<40))
	for generation := 0; operations > 0; generation++ {
		die := 0
		if rng.IntN(2) == 0 {
			die = 1 + rng.IntN(120)
		}
		process := fmt.Sprintf("%s.%d", name, generation)
		done := make(chan struct{})
		wire := make(chan *actor, 1)
		left := operations
		w.flying.Go(func() {
			defer close(done)
			a, err := w.start(process, seed+uint64(generation)<<8, die)
			wire <- a
			if a.db != nil {
				defer func() { _ = a.db.Close() }()
			}
			for ; err == nil && left > 0; left-- {
				a.operate()
			}
			if a.db != nil && !a.isDead() { // stay until the world is over: builders and removals go on
				<-w.over
			}
		})
		_ = wire
		_ = done
		operations = 0
	}
}

func (c *wire) isDead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}

var _ ports.Index = indexWire{}

func TestIndexRegimes(t *testing.T) {
	t.Parallel()
	_ = synctest.Test
}
