package engine_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// longestStop is for how long a process of a herd is stopped at most.
	longestStop = 3 * time.Second

	// killPace is the mean time between two things that happen to a herd.
	killPace = 120 * time.Millisecond
)

// kills is how many processes are killed on a store: SB_KILLS, or else 200, and
// 40 where each process has to connect to a server first, which takes long.
func (a address) kills() int {
	if a.Dir == "" {
		return scale("SB_KILLS", 40)
	}
	return scale("SB_KILLS", 200)
}

// herd is a number of child processes that do the same, of which one or the
// other is killed or stopped at any time, and replaced.
type herd struct {
	t       *testing.T
	role    string
	place   string
	members []*member
	hear    func(line string) // of what any of them says, one line at a time
	began   time.Time

	mu    sync.Mutex
	wrong []string // lines that begin with "error"
	said  map[string]int

	kills, stops int
}

// member is one place in a herd.
type member struct {
	*child
	heard chan struct{} // closed when its last line was heard
	ready chan struct{} // closed when it has something behind it
	until time.Time     // if it is stopped
}

// newHerd starts so many processes.
func newHerd(t *testing.T, size int, role, place string, hear func(line string)) *herd {
	t.Helper()
	h := &herd{t: t, role: role, place: place, members: make([]*member, size), hear: hear, said: make(map[string]int), began: time.Now()}
	for i := range h.members {
		h.members[i] = h.start()
	}
	t.Cleanup(h.end)
	return h
}

func (h *herd) start() *member {
	m := &member{child: startChild(h.t, h.role, h.place), heard: make(chan struct{}), ready: make(chan struct{})}
	go func() {
		defer close(m.heard)
		n := 0
		m.read(-1, func(line string) {
			if n++; n == 4 {
				close(m.ready)
			}
			h.note(line)
		})
	}()
	return m
}

func (h *herd) note(line string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	word, _, _ := strings.Cut(line, " ")
	h.said[word]++
	if word == "error:" {
		h.wrong = append(h.wrong, line)
	}
	h.hear(line)
}

// count is how often a word was said.
func (h *herd) count(word string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.said[word]
}

// problem is the first error that a process answered, or that it ended.
func (h *herd) problem() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.wrong) > 0 {
		return h.wrong[0]
	}
	return ""
}

// end kills a process, also a stopped one, and hears what it had said.
func (m *member) end() {
	_ = m.Process.Kill()
	<-m.heard
	_ = m.Wait()
}

func (h *herd) end() {
	for _, m := range h.members {
		if m != nil {
			m.end()
		}
	}
	clear(h.members)
}

// torment kills so many processes, and stops others now and then, each of them
// for three seconds at most; some are killed while they are stopped. Now and then
// one is killed before it got to work.
func (h *herd) torment(kills int, pace time.Duration) {
	h.t.Helper()
	for end := h.kills + kills; h.kills < end; {
		<-time.After(time.Duration(rand.Int64N(int64(2 * pace))))
		require.Empty(h.t, h.problem())
		i := rand.IntN(len(h.members))
		m := h.members[i]
		stopped := h.wake()
		switch {
		case m.until.IsZero() && stopped < len(h.members)/2 && rand.IntN(4) == 0:
			require.NoError(h.t, suspend(m.Process))
			m.until = time.Now().Add(time.Duration(rand.Int64N(int64(longestStop))))
			h.stops++
		case m.until.IsZero() || rand.IntN(3) == 0:
			if m.until.IsZero() && rand.IntN(10) > 0 {
				h.await(m)
			}
			m.end()
			h.kills++
			h.members[i] = h.start()
		}
	}
	for _, m := range h.members {
		if !m.until.IsZero() {
			require.NoError(h.t, wake(m.Process))
			m.until = time.Time{}
		}
	}
}

// wake lets those go on whose time has come, and counts the others.
func (h *herd) wake() (stopped int) {
	for _, m := range h.members {
		switch {
		case m.until.IsZero():
		case time.Now().After(m.until):
			require.NoError(h.t, wake(m.Process))
			m.until = time.Time{}
		default:
			stopped++
		}
	}
	return stopped
}

// await waits until a process has something behind it. Those that are stopped go
// on when their time has come: on files one may hold the lock that the process
// waits for.
func (h *herd) await(m *member) {
	patience := time.NewTimer(60 * time.Second)
	defer patience.Stop()
	for {
		select {
		case <-m.ready:
			return
		case <-m.heard:
			require.Fail(h.t, "a process ended by itself", h.problem())
		case <-patience.C:
			require.Fail(h.t, "a process never got to work")
		case <-time.After(50 * time.Millisecond):
			h.wake()
		}
	}
}

// summary is what the figures of a test begin with.
func (h *herd) summary() string {
	return fmt.Sprintf("%.0f s, %d kills, %d stops", time.Since(h.began).Seconds(), h.kills, h.stops)
}
