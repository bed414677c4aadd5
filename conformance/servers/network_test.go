package servers_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// trouble is what happens on the way to a server while clients write.
type trouble struct {
	name   string
	brings func(p *services.FaultProxy)
	every  time.Duration // how often it comes
	settle time.Duration // how long requests may be on their way when it ended
}

// short is enough where a broken connection takes its requests with it.
const short = 300 * time.Millisecond

// patience is how long one call may take.
const patience = 400 * time.Millisecond

var troubles = []trouble{
	{"reply cut in the middle", func(p *services.FaultProxy) { p.CutDownAfter(40) }, 15 * time.Millisecond, short},
	{"request cut in the middle", func(p *services.FaultProxy) { p.CutUpAfter(700) }, 15 * time.Millisecond, short},
	{"reset", func(p *services.FaultProxy) { p.Reset() }, 40 * time.Millisecond, short},
	{"two seconds late", func(p *services.FaultProxy) { p.Latency(2 * time.Second) }, time.Second, 3 * time.Second},
	{"a fifth of a second late", func(p *services.FaultProxy) { p.Latency(patience / 2) }, time.Second, short},
	{"slow drip", func(p *services.FaultProxy) { p.Drip(2000) }, time.Second, 2 * time.Second},
	{"no answers", func(p *services.FaultProxy) { p.DropAnswers() }, time.Second, short},
	{"black hole", func(p *services.FaultProxy) { p.BlackHole() }, time.Second, short},
}

// Whatever happens on the network: what was acknowledged is there, what was
// refused is not, and no call outlives its context. Not parallel, since it
// measures time.
func TestNetworksFail(t *testing.T) {
	for _, b := range backends {
		for _, trouble := range troubles {
			t.Run(b.name+", "+trouble.name, func(t *testing.T) {
				s := b.start(t)
				proxy := services.Proxy(t, s.addr)
				straight := s.client(t)
				through := straight.at(proxy.Addr()).open(t)
				w := &writers{store: through}
				w.write(t, time.Second, trouble.every, func() { trouble.brings(proxy) })
				proxy.Heal()
				w.check(t, straight.open(t), trouble.settle)
			})
		}
	}
}

// Servers that are killed keep what they acknowledged.
func TestServersAreKilled(t *testing.T) {
	for name, start := range map[string]func(t *testing.T) (server, services.Control){
		"s3 on versitygw": func(t *testing.T) (server, services.Control) {
			s := services.FreshS3(t)
			return s3Server(t, s.S3Server), s.Control
		},
		"minio on MinIO": func(t *testing.T) (server, services.Control) {
			s := services.FreshMinIO(t)
			return minioServer(t, s.S3Server), s.Control
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, control := start(t)
			c := s.client(t)
			w := &writers{store: c.open(t)}
			w.write(t, 3*time.Second, time.Second, func() {
				control.Kill()
				control.Restart()
			})
			w.check(t, c.open(t), time.Second)
		})
	}
}

// writers write many objects at once, each under a new key, and remember what
// became of each.
type writers struct {
	store ports.ObjectStore

	mu                sync.Mutex
	acknowledged      []string
	refused, unknown  []string
	calls, overstayed int
	longest           time.Duration
}

// write writes for some time, during which trouble comes again and again.
func (w *writers) write(t *testing.T, long, every time.Duration, trouble func()) {
	t.Helper()
	end := time.Now().Add(long)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			for n := 0; time.Now().Before(end); n++ {
				w.one(t, fmt.Sprintf("writer%d/%d.json", i, n))
			}
		})
	}
	for time.Now().Before(end) {
		trouble()
		time.Sleep(min(every, time.Until(end)))
	}
	group.Wait()
}

func body(key string) []byte { return fmt.Appendf(nil, `{"key":%q,"padding":"%01000d"}`, key, 7) }

func (w *writers) one(t *testing.T, key string) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	over := make(chan time.Time, 1) // when somebody else saw that the context ended
	stop := context.AfterFunc(ctx, func() { over <- time.Now() })
	_, err := w.store.Put(ctx, key, body(key), ports.IfAbsent)
	ended := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if !stop() {
		late := ended.Sub(<-over)
		w.longest = max(w.longest, late)
		if late > 100*time.Millisecond {
			w.overstayed++
		}
	}
	switch {
	case err == nil:
		w.acknowledged = append(w.acknowledged, key)
	case errors.Is(err, ports.ErrUnknown):
		w.unknown = append(w.unknown, key)
	case errors.Is(err, ports.ErrBusy), errors.Is(err, ports.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		w.refused = append(w.refused, key)
	default:
		t.Errorf("a put fails with %v", err)
	}
}

// check compares what was answered with what is there.
func (w *writers) check(t *testing.T, store ports.ObjectStore, settle time.Duration) {
	t.Helper()
	time.Sleep(settle) // what is on its way arrives
	there := make(map[string]bool)
	for info, err := range store.List(t.Context(), ports.ListOptions{Prefix: "writer"}) {
		require.NoError(t, err)
		there[info.Key] = true
	}
	for _, key := range w.acknowledged {
		require.True(t, there[key], "the acknowledged %s is not listed", key)
		object, err := store.Get(t.Context(), key, ports.GetOptions{})
		require.NoError(t, err)
		require.Equal(t, string(body(key)), string(object.Data))
	}
	for _, key := range w.refused {
		require.False(t, there[key], "the refused %s is there", key)
	}
	for _, key := range w.unknown {
		if there[key] {
			object, err := store.Get(t.Context(), key, ports.GetOptions{})
			require.NoError(t, err)
			require.Equal(t, string(body(key)), string(object.Data), "an object of unknown outcome is not whole")
		}
	}
	t.Logf("%d calls: %d acknowledged, %d refused, %d unknown; at most %v longer than their context",
		w.calls, len(w.acknowledged), len(w.refused), len(w.unknown), w.longest)
	require.NotZero(t, w.calls)
	require.LessOrEqual(t, w.overstayed*100, w.calls, "calls that outlive their context by more than 100 ms")
	require.Less(t, w.longest, time.Second)
}
