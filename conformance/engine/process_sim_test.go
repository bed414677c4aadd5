package engine_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/core"
)

// process is a simulated process that works on the items, until it is
// through, or killed.
type process struct {
	*wire
	rng    *rand.Rand
	db     *core.DB
	items  *core.Collection[item]
	writes int
}

// itemCount is on how many documents a simulation works.
const itemCount = 4

// open starts the process. Its clock is off by up to ten minutes, and in some
// worlds it does not reach the index, and turns it off.
func (w *world) open(name string, stream uint64, die int, opened chan<- *process) (*process, error) {
	rng := rand.New(rand.NewPCG(w.seed, stream))
	p := &process{wire: newWire(w, name, die), rng: rng}
	opened <- p // it can be killed from now on
	options := core.Options{
		Settings: core.Settings{SkipProbe: true, Attempts: 3, IndexPartitions: w.speed.partitions},
		Components: core.Components{
			Index: indexWire{p.wire}, Random: source(w.seed, stream+1),
			Clock: newWrongClock(time.Duration(rng.IntN(3)-1) * 10 * time.Minute),
		},
	}
	if w.seed%8 == 7 && rng.IntN(4) == 0 {
		options.Index, options.IndexPolicy = nil, core.IndexAvailable
	}
	db, err := core.Open(background, storeWire{p.wire}, options)
	if err == nil {
		p.db = db
		p.items, err = core.NewCollection[item](background, db, "items")
	}
	return p, err
}

// source is a source of random bits that many goroutines can draw from.
func source(seed, stream uint64) func() uint64 {
	rng := rand.New(rand.NewPCG(seed, stream))
	var mu sync.Mutex
	return func() uint64 {
		mu.Lock()
		defer mu.Unlock()
		return rng.Uint64()
	}
}

// live is the life of a client: a process that does the operations, and after
// each one that was killed another.
func (w *world) live(client int, operations int) {
	rng := rand.New(rand.NewPCG(w.seed, uint64(client)<<32))
	var left atomic.Int64
	left.Store(int64(operations))
	_ = pause(background, time.Duration(rng.Int64N(int64(w.speed.think)))) // no two at the same moment
	for generation := 0; left.Load() > 0; generation++ {
		name := fmt.Sprintf("client %d, process %d", client, generation)
		w.mu.Lock()
		w.names = append(w.names, name)
		w.mu.Unlock()
		die := 0
		if rng.IntN(2) == 0 {
			die = 1 + rng.IntN(100)
		}
		ended := make(chan struct{})
		opened := make(chan *process)
		w.crowd.Go(func() { w.run(name, uint64(client)<<32+uint64(generation)<<8+2, die, &left, opened, ended) })
		p := <-opened
		select {
		case <-ended:
		case <-p.dead:
			w.count(func(t *tally) { t.deaths++ })
			left.Add(-1)
		}
	}
}

// run is one process, which stays until the world is over: it goes on with
// what it does in the background, or hangs because it is dead.
func (w *world) run(name string, stream uint64, die int, left *atomic.Int64, opened chan<- *process, ended chan<- struct{}) {
	p, err := w.open(name, stream, die, opened)
	if p.db != nil {
		defer func() { _ = p.db.Close() }()
	}
	if err != nil {
		left.Add(-1) // it did not come up: the next one tries again
	}
	for err == nil && left.Load() > 0 && !p.isDead() {
		p.operate()
		if !p.isDead() {
			left.Add(-1)
		}
	}
	close(ended)
	<-w.over
}

func (c *wire) isDead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}

// operate thinks for a while, and then writes or asks.
func (p *process) operate() {
	_ = pause(background, 1+time.Duration(p.rng.Int64N(int64(p.speed.think)))) // has no end but its own
	if p.isDead() {
		return
	}
	if p.rng.IntN(100) < 55 {
		p.write()
	} else {
		p.ask()
	}
}

func (p *process) write() {
	id := fmt.Sprint(p.rng.IntN(itemCount))
	p.writes++
	next := item{V: string(rune('a' + p.rng.IntN(3))), Token: fmt.Sprintf("%s, write %d", p.name, p.writes)}
	var err error
	switch p.rng.IntN(10) {
	case 0:
		err, next.Token = p.items.Delete(background, id), "" // nothing tells whose a tombstone is
	case 1, 2:
		_, err = p.items.Create(background, id, next)
	case 3, 4:
		_, err = p.items.Update(background, id, func(v *item) error { *v = next; return nil })
	case 5:
		_, err = p.items.Patch(background, id, next)
	default:
		_, err = p.items.Put(background, id, next)
	}
	p.note(next.Token, err)
}

// note remembers what the writer was told, and that it was told one of the
// things that it can be told.
func (p *process) note(token string, err error) {
	known := err == nil || isAny(err, core.ErrConflict, core.ErrExists, core.ErrNotFound, core.ErrUnavailable, core.ErrOutcomeUnknown, errDied)
	p.history.mu.Lock()
	if !known {
		p.history.problems = append(p.history.problems, fmt.Sprintf("%s answered %v", token, err))
	}
	p.history.mu.Unlock()
	p.count(func(t *tally) {
		switch {
		case err == nil:
			t.writes++
		case errors.Is(err, core.ErrOutcomeUnknown):
			t.unknown++
		default:
			t.refused++
		}
		if token != "" {
			p.told[token] = err
		}
	})
}

// questionsOf the simulations: a point, a point that nobody has, two points.
var questionsAsked = [][]string{{"a"}, {"b"}, {"c"}, {"a", "b"}, {"a", "c"}, {"b", "c"}, {"z"}}

// ask runs a query and checks its answer against what really happened.
func (p *process) ask() {
	want := questionsAsked[p.rng.IntN(len(questionsAsked))]
	a, err := answerOf(p.history, p.name, p.items, want)
	if err != nil {
		p.count(func(t *tally) { t.refused++ })
		return
	}
	p.history.check(a)
	p.count(func(t *tally) {
		if a.index {
			t.byIndex++
		} else {
			t.byScan++
		}
	})
}

func answerOf(h *history, who string, items *core.Collection[item], want []string) (answer, error) {
	var profile core.Profile
	a := answer{who: who, want: want, ids: make(map[string]bool), from: h.moment(), began: time.Now().Format(clockFormat)}
	found, err := items.Query().Where(core.In("v", want...)).Profile(&profile).IDs(background)
	a.to, a.ended, a.plan, a.index = h.moment(), time.Now().Format(clockFormat), profile.String(), profile.Index != ""
	for _, id := range found {
		a.ids[id] = true
	}
	return a, err
}

const clockFormat = "15:04:05.000"
