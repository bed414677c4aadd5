package redis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

type restServer struct {
	t    testing.TB
	dir  string
	port string
	cmd  *exec.Cmd
	raw  *goredis.Client
}

func restStart(t testing.TB) *restServer {
	if os.Getenv("KIT_RESTART") == "" {
		t.Skip("no KIT_RESTART")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	s := &restServer{t: t, dir: t.TempDir(), port: port}
	s.raw = goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:" + port})
	s.start()
	t.Cleanup(func() { s.kill(); s.raw.Close() })
	return s
}

func (s *restServer) start() {
	s.cmd = exec.Command("redis-server", "--port", s.port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no", "--loglevel", "warning")
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for range 200 {
		if s.raw.Ping(context.Background()).Err() == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatal("no server")
}
func (s *restServer) kill() { _ = s.cmd.Process.Kill(); _ = s.cmd.Wait() }
func (s *restServer) restartEmpty() {
	s.kill()
	_ = os.Remove(filepath.Join(s.dir, "dump.rdb"))
	s.start()
}
func (s *restServer) restart() { s.kill(); s.start() }
func (s *restServer) client(ns string) *Client {
	c, err := Dial(context.Background(), Config{Addrs: []string{"127.0.0.1:" + s.port}, Options: Options{Namespace: ns, Breaker: BreakerOptions{Failures: -1}}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	return c
}

func restAcquire(t testing.TB, l ports.Locker, name string) ports.Lease {
	t.Helper()
	var err error
	for range 300 {
		var h ports.Lease
		if h, err = l.Acquire(context.Background(), name, 20*time.Millisecond); err == nil {
			return h
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatal(err)
	return nil
}

func TestRestRestart(t *testing.T) {
	for _, mode := range []string{"time", "epoch"} {
		t.Run(mode, func(t *testing.T) {
			s := restStart(t)
			var opts LockerOptions
			if mode == "epoch" {
				opts.Epoch = restEpochs()
			}
			l := s.client("n").Locker(opts)
			defer l.Close()
			var last uint64
			grown := func(when string) {
				t.Helper()
				h := restAcquire(t, l, "a")
				if h.Token() <= last {
					t.Errorf("%s: %x after %x", when, h.Token(), last)
				}
				last = h.Token()
				t.Logf("%s %x", when, last)
				_ = h.Release(context.Background())
			}
			for i := range 5 {
				grown("start")
				s.raw.FlushAll(context.Background())
				grown("flush")
				grown("more")
				s.restartEmpty()
				grown("restart")
				if err := s.raw.Save(context.Background()).Err(); err != nil {
					t.Fatal(err)
				}
				for range 10 * i {
					grown("lost suffix")
				}
				s.restart()
				grown("restart from an old snapshot")
			}
		})
	}
}

func TestRestKitEmptyRestart(t *testing.T) {
	for _, mode := range []string{"time", "epoch"} {
		t.Run(mode, func(t *testing.T) {
			s := restStart(t)
			var opts LockerOptions
			if mode == "epoch" {
				opts.Epoch = restEpochs()
			}
			var made sync.Map
			open := func(ns string) ports.Locker { l := s.client(ns).Locker(opts); made.Store(l, ns); return l }
			ns := func(l ports.Locker) string { n, _ := made.Load(l); return n.(string) }
			conformance.TestLocker(t, conformance.LockerHarness{
				New:    func(t testing.TB) ports.Locker { return open(restNS()) },
				Second: func(t testing.TB, l ports.Locker) ports.Locker { return open(ns(l)) },
				Reopen: func(t testing.TB, l ports.Locker) ports.Locker {
					l.(*Locker).Close()
					s.restartEmpty()
					return open(ns(l))
				},
			})
		})
	}
}

func TestRestCacheSnapshot(t *testing.T) {
	s := restStart(t)
	c := s.client("n").Cache(CacheOptions{})
	ctx := context.Background()
	if err := c.Store(ctx, "a", []byte("old"), 0); err != nil {
		t.Fatal(err)
	}
	if v, err := c.Load(ctx, "a"); string(v) != "old" || err != nil {
		t.Fatal(v, err)
	}
	s.raw.Save(ctx)
	if err := c.Remove(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	s.restart()
	n, _ := s.raw.DBSize(ctx).Result()
	for range 5 {
		v, err := c.Load(ctx, "a")
		t.Log(n, v, err)
		if err == nil {
			t.Error("a lie")
		}
	}
}

func TestRestLateEpoch(t *testing.T) {
	s := restStart(t)
	ctx := context.Background()
	source := restEpochs()
	in, out := make(chan struct{}), make(chan struct{})
	once := false
	slow := s.client("n").Locker(LockerOptions{Epoch: func(ctx context.Context) (uint64, error) {
		n, err := source(ctx)
		if !once {
			once = true
			close(in)
			<-out
		}
		return n, err
	}})
	defer slow.Close()
	fast := s.client("n").Locker(LockerOptions{Epoch: source})
	defer fast.Close()
	done := make(chan ports.Lease)
	go func() { done <- restAcquire(t, slow, "a") }()
	<-in
	s.raw.FlushAll(ctx)
	h := restAcquire(t, fast, "a")
	s.raw.FlushAll(ctx)
	close(out)
	if late := <-done; late.Token() <= h.Token() {
		t.Errorf("%x after %x", late.Token(), h.Token())
	} else {
		t.Logf("%x after %x", late.Token(), h.Token())
	}
}

func TestRestFlushStorm(t *testing.T) {
	for _, mode := range []string{"time", "epoch"} {
		t.Run(mode, func(t *testing.T) {
			s := restStart(t)
			ctx := context.Background()
			type got struct {
				start, end time.Duration
				token      uint64
			}
			var mu sync.Mutex
			var all []got
			begun := time.Now()
			source := restEpochs()
			var wg sync.WaitGroup
			stop := make(chan struct{})
			failures := map[string]int{}
			for range 12 {
				var opts LockerOptions
				if mode == "epoch" {
					opts.Epoch = source
				}
				l := s.client("n").Locker(opts)
				defer l.Close()
				wg.Go(func() {
					for time.Since(begun) < 3*time.Second {
						start := time.Since(begun)
						h, err := l.Acquire(ctx, "a", 10*time.Millisecond)
						if err != nil {
							if !errors.Is(err, ports.ErrBusy) {
								mu.Lock()
								failures[err.Error()]++
								mu.Unlock()
							}
							continue
						}
						mu.Lock()
						all = append(all, got{start, time.Since(begun), h.Token()})
						mu.Unlock()
						_ = h.Release(ctx)
					}
				})
			}
			go func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Duration(rand.IntN(8000)) * time.Microsecond):
						s.raw.FlushAll(ctx)
					}
				}
			}()
			wg.Wait()
			close(stop)
			seen := map[uint64]bool{}
			for _, g := range all {
				if seen[g.token] {
					t.Errorf("twice %x", g.token)
				}
				seen[g.token] = true
			}
			sort.Slice(all, func(i, j int) bool { return all[i].end < all[j].end })
			bad := 0
			// greatest token that ended before a start must be smaller
			ends := make([]time.Duration, len(all))
			best := make([]uint64, len(all))
			for i, g := range all {
				ends[i] = g.end
				best[i] = g.token
				if i > 0 && best[i-1] > best[i] {
					best[i] = best[i-1]
				}
			}
			for _, g := range all {
				i := sort.Search(len(ends), func(i int) bool { return ends[i] >= g.start })
				if i > 0 && best[i-1] >= g.token {
					bad++
				}
			}
			epochs, _ := source(ctx)
			t.Log(fmt.Sprint(len(all), " grants, ", bad, " bad, ", epochs-1, " epochs ", failures))
			if bad > 0 {
				t.Error("order broken")
			}
		})
	}
}
