package simulation_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/smarterbase/smarterbase/core"
)

// client is one process with a database of its own.
type client struct {
	history    *history
	number     int
	generation int // how many processes were killed in its place
	skew       time.Duration
	rng        *rand.Rand // of what it does
	left       int        // operations to do

	db          *core.DB
	collections map[string]*core.Collection[doc]

	dead    chan struct{}
	stopped time.Duration // until then; under history.mu
	calls   int           // under history.mu
	ended   bool          // it has done its operations; under history.mu
	draws   uint64        // under history.mu
	drawn   int           // the step of the last draw

	seen map[string]core.Document[doc] // what it read last, for conditions
}

func (h *history) newClient(number, generation, operations int) *client {
	seed := h.seed*1000 + uint64(number*100+generation)
	c := &client{
		history: h, number: number, generation: generation, left: operations,
		rng: rand.New(rand.NewPCG(seed, 1)), dead: make(chan struct{}), seen: make(map[string]core.Document[doc]),
	}
	c.skew = time.Duration(c.rng.IntN(9)-4) * time.Hour
	return c
}

func (c *client) String() string {
	return fmt.Sprintf("client %d%s", c.number, "'''''''''"[:min(c.generation, 9)])
}

// random is its source of random bits. What it answers depends on the seed,
// the client and the step, and on nothing that happens elsewhere.
func (c *client) random() uint64 {
	h := c.history
	h.mu.Lock()
	defer h.mu.Unlock()
	if c.drawn != h.step {
		c.drawn, c.draws = h.step, 0
	}
	c.draws++
	return mix(h.seed, uint64(c.number)<<16+uint64(c.generation), uint64(h.step), c.draws)
}

// mix is SplitMix64 over several numbers.
func mix(numbers ...uint64) uint64 {
	z := uint64(0)
	for _, n := range numbers {
		z += n + 0x9e3779b97f4a7c15
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
	}
	return z
}

func (c *client) isDead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}

// wakes is until when the client is stopped.
func (c *client) wakes() time.Duration {
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	return c.stopped
}

// open opens the client's database and its collections.
func (c *client) open() error {
	h := c.history
	options := core.Options{
		Settings: core.Settings{SkipProbe: true, Holder: c.String(), MaintainEvery: -1},
		Components: core.Components{
			Clock: clock{c}, Random: c.random,
		},
	}
	if h.workload.indexed {
		options.Index = indexPort{c}
	}
	var err error
	if c.db, err = core.Open(background, storePort{c}, options); err != nil {
		return err
	}
	c.collections = make(map[string]*core.Collection[doc])
	for _, name := range h.workload.folders() {
		if c.collections[name], err = core.NewCollection[doc](background, c.db, name, declared[name]...); err != nil {
			return err
		}
	}
	return nil
}

// declared are the definitions of the collections that have any.
var declared = map[string][]core.Definition{
	"items": {core.Index("v")},
	"names": {core.Unique("v")},

	"kids":   {core.Reference("v", "parents").OnDelete(core.Cascade).MustExist()},
	"wards":  {core.Reference("v", "parents").OnDelete(core.SetNull).MustExist()},
	"limits": {core.Reference("v", "parents").OnDelete(core.Restrict).MustExist()},
}

var background = context.Background()

// live is the life of a client: it opens its database, and does its operations
// one after the other, with pauses.
func (c *client) live() {
	defer c.end()
	if c.db == nil {
		for c.open() != nil {
			_ = c.db.Close() // of one that was opened half
			if c.think() != nil {
				return
			}
		}
	}
	for c.left > 0 && c.think() == nil {
		c.left--
		name := c.number*1000 + c.left
		if c.history.drop[name] {
			continue
		}
		c.rng = rand.New(rand.NewPCG(c.history.seed, uint64(name)))
		c.history.workload.act(c)
	}
}

// think is a place where the scheduler decides when the client goes on.
func (c *client) think() error {
	return c.send(background, &call{method: "think", perform: func() answer { return answer{} }}).err
}

func (c *client) end() {
	h := c.history
	h.mu.Lock()
	c.ended = true
	h.mu.Unlock()
	h.wake()
}
