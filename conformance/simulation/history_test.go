package simulation_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
)

// history is one run: the services, the clients, and the scheduler between
// them. The scheduler runs while every other goroutine of the bubble waits,
// so what only it touches needs no lock.
type history struct {
	config
	workload *workload
	store    *memory.Store
	indexes  servers
	recorder *recorder
	began    time.Time

	order  *rand.Rand // of the calls
	chance *rand.Rand // of the faults
	faults int        // so far
	calm   bool       // no more of them
	direct bool       // calls are performed at once

	landings   []*landing
	clients    []*client
	crowd      sync.WaitGroup
	operations []*operation
	events     int // beginnings and ends of operations
	problems   []string
	story      []string
	tally      map[string]int

	book sync.Mutex // of operations, events, problems, story and tally while clients run

	mu      sync.Mutex
	step    int
	pending []*call
	kick    chan struct{}
}

const (
	calmAfter = 4_000  // steps; a history that is longer gets no more faults
	endless   = 40_000 // steps after which it is taken for a livelock
)

// run runs one history, in a bubble. It answers the history with its problems.
func run(w *workload, c config) *history {
	h := newHistory(w, c)
	w.template.fill(h)
	for i := range c.processes {
		h.spawn(h.newClient(i+1, 0, c.share))
	}
	h.schedule()
	h.finish()
	for _, c := range h.clients {
		if c.db != nil {
			_ = c.db.Close()
		}
	}
	h.crowd.Wait()
	h.check()
	return h
}

func newHistory(w *workload, c config) *history {
	h := &history{
		config: c, workload: w, kick: make(chan struct{}, 1), tally: make(map[string]int), began: time.Now(),
		order: rand.New(rand.NewPCG(c.seed, 2)), chance: rand.New(rand.NewPCG(c.seed, 3)),
	}
	h.store = memory.NewStore(memory.StoreOptions{HashVersions: c.hash, NoConditionalDelete: !c.deletes, LateWrites: c.late})
	h.indexes.init()
	h.recorder = newRecorder(h)
	return h
}

func (h *history) elapsed() time.Duration { return time.Since(h.began) }

func (h *history) spawn(c *client) {
	h.clients = append(h.clients, c)
	h.crowd.Go(c.live)
}

// respawn replaces a killed client by another process, which goes on with the
// operations that are left.
func (h *history) respawn(c *client) {
	if c.left > 0 {
		h.spawn(h.newClient(c.number, c.generation+1, c.left))
	}
}

// park lets a call wait for the scheduler.
func (h *history) park(r *call) {
	h.mu.Lock()
	r.client.calls++
	r.number = r.client.calls
	h.pending = append(h.pending, r)
	h.mu.Unlock()
	h.wake()
}

func (h *history) wake() {
	select {
	case h.kick <- struct{}{}:
	default:
	}
}

// abandon takes back a call whose caller does not wait any longer. A write may
// be on its way.
func (h *history) abandon(r *call, cause error) answer {
	h.mu.Lock()
	h.pending = slices.DeleteFunc(h.pending, func(p *call) bool { return p == r })
	h.mu.Unlock()
	if r.write && r.answered {
		return r.unknown(cause.Error())
	}
	return answer{err: r.canceled(cause)}
}

// schedule lets calls go, one after the other, until no client has any.
func (h *history) schedule() {
	for {
		synctest.Wait()
		h.mu.Lock()
		h.step++
		h.mu.Unlock()
		if h.step > calmAfter {
			h.calm = true
		}
		if h.step > endless {
			h.problem("livelock: the clients are not through after %d steps", endless)
			h.killAll()
			return
		}
		if h.land(false) {
			continue
		}
		ready, next, over := h.ready()
		switch {
		case len(ready) > 0:
			h.proceed(ready[h.order.IntN(len(ready))])
			h.pass()
		case over:
			return
		default:
			h.idle(next)
		}
	}
}

// ready lists the calls that can proceed, in a fixed order; next is when the
// next answer arrives. over says that every client is through.
func (h *history) ready() (ready []*call, next time.Duration, over bool) {
	now := h.elapsed()
	next, over = time.Hour, true
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range h.clients {
		over = over && (c.ended || c.isDead())
	}
	over = over && len(h.pending) == 0
	for _, r := range h.pending {
		if r.answered && r.arrives > now {
			next = min(next, r.arrives-now)
			continue
		}
		if r.starts > now {
			next = min(next, r.starts-now)
			continue
		}
		ready = append(ready, r)
	}
	slices.SortFunc(ready, compareCalls)
	return ready, next, over
}

// idle waits for a call, an answer, or a late request.
func (h *history) idle(d time.Duration) {
	for _, l := range h.landings {
		d = min(d, l.due-h.elapsed())
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-h.kick:
	case <-timer.C:
	}
}

// pass lets time go by: mostly a little, now and then much.
func (h *history) pass() {
	var d time.Duration
	switch n := h.order.IntN(64); {
	case h.brisk:
		d = time.Duration(n) * time.Millisecond / 4
	case n < 2 && h.workload.sleeps && h.slow:
		time.Sleep(25 * time.Hour)
		return
	case n < 8 && h.slow:
		d = time.Duration(h.order.Int64N(int64(50 * time.Second)))
	case n < 40:
		return
	case n < 60:
		d = time.Duration(h.order.Int64N(int64(40 * time.Millisecond)))
	case n < 63:
		d = time.Duration(h.order.Int64N(int64(4 * time.Second)))
	default:
		d = time.Duration(h.order.Int64N(int64(25 * time.Second)))
	}
	if !h.late {
		d /= 20
	}
	time.Sleep(d)
}

// proceed performs a call, or delivers its answer.
func (h *history) proceed(r *call) {
	if r.answered {
		h.deliver(r)
		return
	}
	h.strike(r, h.drawFault(r))
}

// answer gives a call its answer, which arrives at once unless the client is
// stopped.
func (h *history) answer(r *call, a answer, how string) {
	if h.tell {
		if how == noFault.String() {
			how = ""
		}
		h.note(r.client, "%s -> %s %s", r, a.outcome(), how)
	}
	r.answer, r.answered, r.arrives = a, true, r.client.wakes()
	if r.arrives <= h.elapsed() {
		h.deliver(r)
	}
}

func (h *history) deliver(r *call) {
	h.mu.Lock()
	h.pending = slices.DeleteFunc(h.pending, func(p *call) bool { return p == r })
	h.mu.Unlock()
	close(r.done)
}

func (h *history) killAll() {
	for _, c := range h.clients {
		c.left = 0
		if !c.isDead() {
			h.kill(&call{client: c, method: "end"})
		}
	}
	synctest.Wait()
}

func (h *history) problem(format string, args ...any) {
	h.problems = append(h.problems, fmt.Sprintf(format, args...))
	h.note(nil, "PROBLEM: "+format, args...)
}

// note adds a line to the story.
func (h *history) note(c *client, format string, args ...any) {
	if !h.tell {
		return
	}
	who := ""
	if c != nil {
		who = c.String()
	}
	h.story = append(h.story, fmt.Sprintf("%5d %14v  %-12s %s", h.step, h.elapsed().Round(time.Microsecond), who, fmt.Sprintf(format, args...)))
}
