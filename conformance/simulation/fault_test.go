package simulation_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// fault is what can happen to a call.
type fault int

const (
	noFault     fault = iota
	busy              // the service decides nothing
	unreachable       // it does not answer, and did nothing
	lostRequest       // it never arrives
	lostAnswer        // it took effect, and nobody is told
	lateAnswer        // the answer is lost; it takes effect later
	replay            // it takes effect now, and is tried again later
	kill              // its client dies
	stop              // its client is stopped before it gets the answer
	delay             // it is on its way for long
	lossFault         // something happens to the index
	faultCount
)

var faultNames = [faultCount]string{
	"none", "busy", "unreachable", "request lost", "answer lost", "late", "replayed", "killed", "stopped", "delayed", "index lost",
}

func (f fault) String() string { return faultNames[f] }

// mostOf are the greatest rates.
var mostOf = rates{busy: 40, unreachable: 20, lostRequest: 40, lostAnswer: 60, lateAnswer: 60, replay: 80, kill: 25, stop: 40, delay: 40, lossFault: 30}

// drawFault draws what happens to a call. One number is drawn for each, so
// that a fault that is left out changes nothing before it.
func (h *history) drawFault(r *call) fault {
	n := h.chance.IntN(1000)
	if h.calm || r.method == "think" {
		return noFault
	}
	for f := busy; f < faultCount; f++ {
		if n -= h.rates[f]; n >= 0 {
			continue
		}
		if !f.suits(r) {
			return noFault
		}
		h.faults++
		if h.skip[h.faults] {
			return noFault
		}
		h.tally[f.String()]++
		return f
	}
	return noFault
}

func (f fault) suits(r *call) bool {
	switch f {
	case lostRequest, lostAnswer:
		return r.write
	case lateAnswer, replay:
		return r.write && r.method != "install"
	default:
		return true
	}
}

// landing is a request that is still on its way although its caller has an
// answer, or is dead.
type landing struct {
	*call
	due time.Duration
}

// horizon is how long after it was sent a request can take effect.
func (h *history) horizon() time.Duration {
	switch {
	case !h.late:
		return 0
	case h.workload.indexed:
		return time.Minute
	default:
		return 15 * time.Minute
	}
}

// landLater lets a request take effect later, if it still can.
func (h *history) landLater(r *call) {
	last := r.sent + h.horizon()
	if left := last - h.elapsed(); left > 0 {
		due := h.elapsed() + time.Duration(h.chance.Int64N(int64(left)))
		if h.chance.IntN(2) == 0 { // mostly soon, while somebody cares
			due = h.elapsed() + time.Duration(h.chance.Int64N(int64(min(left, 3*time.Second))))
		}
		h.landings = append(h.landings, &landing{r, due})
	}
}

// land lets what is due take effect, one request a step.
func (h *history) land(all bool) bool {
	for i, l := range h.landings {
		if all || l.due <= h.elapsed() {
			h.landings = slices.Delete(h.landings, i, i+1)
			a := l.perform()
			h.note(l.client, "%s lands late: %s", l.call, a.outcome())
			return true
		}
	}
	return false
}

// strike performs a call with a fault, and answers it.
func (h *history) strike(r *call, f fault) {
	var a answer
	if tooLate := r.write && !r.index && h.elapsed()-r.sent > h.horizon() && h.elapsed()-r.sent > 500*time.Millisecond; tooLate && f != kill {
		h.answer(r, r.unknown("it was on its way for too long"), "too late to take effect")
		return
	}
	switch f {
	case busy:
		a = answer{err: ports.Fail(r.method, r.key, ports.ErrBusy, errors.New("busy"))}
	case unreachable:
		a = answer{err: ports.Fail(r.method, r.key, ports.ErrUnavailable, errors.New("unreachable"))}
	case lostRequest:
		a = r.unknown("the request was lost")
	case lostAnswer:
		was := r.perform()
		h.answer(r, r.unknown("the answer was lost"), "answer lost, was "+was.outcome())
		return
	case lateAnswer:
		h.landLater(r)
		a = r.unknown("it is late")
	case replay:
		a = r.perform()
		h.landLater(r)
	case kill:
		h.kill(r)
		return
	case stop:
		if a = r.perform(); h.nap.at == nil || h.nap.at(r) {
			h.stop(r.client)
		}
	case delay:
		most := time.Minute
		if !h.late {
			most = 500 * time.Millisecond
		}
		r.starts = h.elapsed() + time.Duration(h.chance.Int64N(int64(most)))
		h.note(r.client, "%s: on its way until %v", r, r.starts)
		return
	case lossFault:
		a = r.perform()
		h.lose()
	default:
		a = r.perform()
	}
	h.answer(r, a, f.String())
}

// kill ends a client. Each of its requests never arrives, or takes effect now
// or later.
func (h *history) kill(r *call) {
	c := r.client
	h.note(c, "%s: the client is killed", r)
	h.mu.Lock()
	close(c.dead)
	mine := slices.DeleteFunc(slices.Clone(h.pending), func(p *call) bool { return p.client != c })
	h.pending = slices.DeleteFunc(h.pending, func(p *call) bool { return p.client == c })
	h.mu.Unlock()
	slices.SortFunc(mine, compareCalls)
	for _, p := range mine {
		if p.write && !p.answered && h.elapsed()-p.sent <= max(h.horizon(), 500*time.Millisecond) {
			switch h.chance.IntN(3) {
			case 0:
				a := p.perform()
				h.note(c, "%s: takes effect: %s", p, a.outcome())
			case 1:
				h.landLater(p)
			}
		}
		p.answer = answer{err: p.died()}
		close(p.done)
	}
	h.respawn(c)
}

// stop stops a client: it gets no answers and no timer until it goes on.
func (h *history) stop(c *client) {
	most := 3 * time.Second
	switch n := h.chance.IntN(12); {
	case n < 4:
		most = 70 * time.Second // about a lease, and the age of a read
	case n < 6:
		most = 3 * time.Minute // about what a builder waits
	case n < 7:
		most = 30 * time.Minute
	}
	d := time.Duration(h.chance.Int64N(int64(most)))
	if h.workload.sleeps && h.chance.IntN(8) == 0 {
		d += 24 * time.Hour // about the age of what is purged
	}
	if n := h.nap; n.of > 0 && h.chance.IntN(n.of) == 0 {
		d = n.least + time.Duration(h.chance.Int64N(int64(n.most-n.least)))
	}
	h.mu.Lock()
	c.stopped = max(c.stopped, h.elapsed()+d)
	h.mu.Unlock()
	h.note(c, "stopped for %v", d.Round(time.Millisecond))
}

// outcome tells an answer in a few words.
func (a answer) outcome() string {
	if a.err != nil {
		var e *ports.Error
		if errors.As(a.err, &e) && e.Kind != nil {
			return e.Kind.Error()
		}
		return a.err.Error()
	}
	switch {
	case a.object.Data != nil:
		return "ok " + string(a.object.Data)
	case a.infos != nil:
		keys := make([]string, len(a.infos))
		for i, info := range a.infos {
			keys[i] = info.Key
		}
		return fmt.Sprint("ok ", keys)
	case a.page.Members != nil:
		return fmt.Sprintf("ok %q, %d begins", a.page.Members, a.page.Begins)
	}
	return "ok"
}
