package redis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/ports"
)

func TestNewRefusesClientsThatCanNotBeRight(t *testing.T) {
	t.Parallel()
	ring := goredis.NewRing(&goredis.RingOptions{})
	defer func() { _ = ring.Close() }()
	endless := goredis.NewClient(&goredis.Options{ReadTimeout: -1})
	defer func() { _ = endless.Close() }()
	endlessCluster := goredis.NewClusterClient(&goredis.ClusterOptions{Addrs: []string{"h:1"}, WriteTimeout: -1})
	defer func() { _ = endlessCluster.Close() }()
	for name, c := range map[string]goredis.UniversalClient{
		"nothing": nil, "no client": (*goredis.Client)(nil), "no cluster": (*goredis.ClusterClient)(nil),
		"a ring": ring, "no read timeout": endless, "no write timeout": endlessCluster,
	} {
		if _, err := New(c, Options{}); !errors.Is(err, ports.ErrInvalidKey) || !strings.Contains(err.Error(), `"client"`) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
}

func TestNewRefusesOptionsByName(t *testing.T) {
	t.Parallel()
	plain := goredis.NewClient(&goredis.Options{})
	defer func() { _ = plain.Close() }()
	for name, o := range map[string]Options{
		"Namespace":        {Namespace: strings.Repeat("x", 257)},
		"Breaker.Cooldown": {Breaker: BreakerOptions{Cooldown: -1}},
	} {
		if _, err := New(plain, o); !errors.Is(err, ports.ErrInvalidKey) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	if _, err := New(plain, Options{Namespace: "\xff"}); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("invalid UTF-8: err = %v", err)
	}
}

func TestCloseEndsCallsAndViews(t *testing.T) {
	t.Parallel()
	sent := make(chan struct{})
	c := dialWire(t, newWire(t, func([]string) string { close(sent); return hang }), Config{})
	x := c.Index()
	ended := make(chan error, 1)
	go func() { ended <- c.Ping(t.Context()) }()
	<-sent
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if err := <-ended; !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("the call under way: %v", err)
	}
	if err := c.Ping(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	if _, err := x.Identity(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("a view after close: %v", err)
	}
}

// Close waits for calls, so it must end those that wait for an answer, a
// handshake or a connection, whenever it comes: no timeout does it here.
func TestCloseWaitsForNoTimeout(t *testing.T) {
	t.Parallel()
	for round := range 40 {
		sent := make(chan struct{}, 64)
		w := newWire(t, func(command []string) string {
			sent <- struct{}{}
			if command[0] == "auth" || round%4 == 0 {
				return pong
			}
			return hang
		})
		c := dialWire(t, w, Config{PoolSize: 2, Password: "secret"})
		l := c.Locker(LockerOptions{AutoRenew: true})
		ctx, cancel := context.WithCancel(t.Context())
		var calls sync.WaitGroup
		for i := range 6 {
			calls.Go(func() {
				life := ctx
				if i%2 == 0 {
					life = context.Background()
				}
				_ = c.Ping(life)
				_, _ = l.Acquire(life, "a", time.Hour)
			})
		}
		for range round % 3 {
			<-sent
		}
		if round%5 == 0 {
			cancel()
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		calls.Wait()
		cancel()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestCloseLeavesTheConnectionsOfTheCaller(t *testing.T) {
	t.Parallel()
	w := newWire(t, func(command []string) string {
		if command[0] == "ping" {
			return "+PONG\r\n"
		}
		return pong
	})
	user := goredis.NewClient(&goredis.Options{Addr: w.addr, Protocol: 2, DisableIdentity: true})
	defer func() { _ = user.Close() }()
	c, err := New(user, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(c.Ping(t.Context()), c.Close()); err != nil {
		t.Error(err)
	}
	if err := user.Ping(t.Context()).Err(); err != nil {
		t.Errorf("the caller's client: %v", err)
	}
	_ = user.Close()
	open, err := New(user, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := open.Ping(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("on a closed client of the SDK: %v", err)
	}
}

func TestACallWithADoneContextSendsNothing(t *testing.T) {
	t.Parallel()
	w := newWire(t, always(pong))
	c := dialWire(t, w, Config{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("reason"))
	err := c.Ping(ctx)
	wantKind(t, err, context.Canceled, "ping")
	if !strings.Contains(err.Error(), "reason") || len(w.commands()) != 0 {
		t.Errorf("err = %v, %q sent", err, w.commands())
	}
}
