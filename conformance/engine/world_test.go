package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
)

// speed says how long things take. The times are those of the protocol, so
// that leases run out in the middle of everything.
type speed struct {
	short, middle, long time.Duration // latencies
	late                time.Duration // how late a put can arrive; 0: a local store
	think               time.Duration // between two operations of a client
	calm                time.Duration // between two disasters, about
	partitions          int           // of the index
}

var (
	networkSpeed = speed{50 * time.Millisecond, 3 * time.Second, 30 * time.Second, 59 * time.Second, 15 * time.Second, 150 * time.Second, 1}
	localSpeed   = speed{time.Millisecond, 200 * time.Millisecond, 2 * time.Second, 0, time.Second, 8 * time.Second, 1}
)

// world is one simulation: the services, their disasters, and the clients.
type world struct {
	seed    uint64
	speed   speed
	history *history
	over    chan struct{}  // closed at the end: the calls of killed clients return
	chaos   sync.WaitGroup // what happens to the services
	flying  sync.WaitGroup // requests on their way
	crowd   sync.WaitGroup // processes, dead or alive

	identities atomic.Int64

	mu        sync.Mutex
	current   *memory.Index            // the index server that answers now
	stays     map[string]*memory.Index // clients that still talk to an old one
	names     []string                 // of all clients so far
	snapshots []memory.IndexSnapshot
	told      map[string]error // token → what its writer was told
	tally     tally
}

// tally says what a simulation was made of.
type tally struct{ writes, byIndex, byScan, disasters, deaths, refused, unknown int }

func (a *tally) add(b tally) {
	a.writes, a.byIndex, a.byScan = a.writes+b.writes, a.byIndex+b.byIndex, a.byScan+b.byScan
	a.disasters, a.deaths = a.disasters+b.disasters, a.deaths+b.deaths
	a.refused, a.unknown = a.refused+b.refused, a.unknown+b.unknown
}

func newWorld(seed uint64, pace speed) *world {
	w := &world{
		seed: seed, speed: pace, over: make(chan struct{}),
		history: newHistory(memory.NewStore(memory.StoreOptions{HashVersions: pace.late > 0, LateWrites: pace.late > 0})),
		stays:   make(map[string]*memory.Index), told: make(map[string]error),
	}
	w.current = w.newServer()
	return w
}

func (w *world) newServer() *memory.Index {
	return memory.NewIndex(memory.IndexOptions{NewIdentity: func() string { return fmt.Sprint("identity ", w.identities.Add(1)) }})
}

// server is the index server that a client is connected to.
func (w *world) server(client string) *memory.Index {
	w.mu.Lock()
	defer w.mu.Unlock()
	if old, cut := w.stays[client]; cut {
		return old
	}
	return w.current
}

func (w *world) count(change func(*tally)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change(&w.tally)
}

// rage lets three disasters happen to the index, at most, until stop is closed:
// it loses everything, with or without a new identity, or an outdated replica
// takes over while some clients still talk to the old server.
func (w *world) rage(stop <-chan struct{}) {
	rng := rand.New(rand.NewPCG(w.seed, 1<<48))
	for range 3 {
		if !wait(stop, w.speed.calm/4+time.Duration(rng.Int64N(int64(w.speed.calm)))) {
			return
		}
		w.count(func(t *tally) { t.disasters++ })
		switch n := rng.IntN(100); {
		case n < 30:
			w.server("").Lose()
		case n < 40:
			w.server("").Restart()
		default:
			w.failover(rng)
		}
	}
}

func (w *world) failover(rng *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	old, next := w.current, w.newServer()
	if len(w.snapshots) > 0 && rng.IntN(4) > 0 {
		next.Failover(w.snapshots[rng.IntN(len(w.snapshots))])
	} else {
		next.Failover(old.Snapshot())
	}
	w.current = next
	slices.Sort(w.names) // clients that start at the same moment come in any order
	for _, name := range w.names {
		if rng.IntN(2) == 0 {
			w.stays[name] = old
			after := time.Duration(rng.Int64N(int64(2 * w.speed.calm)))
			w.chaos.Go(func() { w.reconnect(name, old, after) })
		}
	}
}

// reconnect ends the time for which a client stays with an old server.
func (w *world) reconnect(name string, old *memory.Index, after time.Duration) {
	_ = pause(background, after)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stays[name] == old {
		delete(w.stays, name)
	}
}

// replicate takes the snapshots to which a failover goes back.
func (w *world) replicate(stop <-chan struct{}) {
	rng := rand.New(rand.NewPCG(w.seed, 1<<49))
	for wait(stop, 1+time.Duration(rng.Int64N(int64(w.speed.calm/3)))) {
		snapshot := w.server("").Snapshot()
		w.mu.Lock()
		if w.snapshots = append(w.snapshots, snapshot); len(w.snapshots) > 4 {
			w.snapshots = w.snapshots[1:]
		}
		w.mu.Unlock()
	}
}

// wait is false if stop was closed before d had passed.
func wait(stop <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-stop:
		return false
	}
}
