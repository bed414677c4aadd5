package redis

import (
	"cmp"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/ports"
)

// dialWire opens a client without asking whether the server is there. Where
// the test sets no timeout there is none that a busy machine could reach.
func dialWire(t testing.TB, w *wire, config Config) *Client {
	t.Helper()
	config.Addrs = []string{w.addr}
	for _, limit := range []*time.Duration{&config.DialTimeout, &config.ReadTimeout, &config.WriteTimeout} {
		*limit = cmp.Or(*limit, time.Hour)
	}
	config, err := config.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(config.universal(), config.Options)
	if err != nil {
		t.Fatal(err)
	}
	c.owned = true
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

var (
	readScript  = newScript(false, "return {} -- read")
	writeScript = newScript(true, "return {} -- write")
)

func wantKind(t *testing.T, err, kind error, what string) {
	t.Helper()
	var failed *ports.Error
	if !errors.As(err, &failed) || failed.Kind != kind {
		t.Errorf("%s answers %v, want %v", what, err, kind)
	}
}

// half of an answer.
const half = "*1\r\n$4\r\nhal"

func TestAnswersOfTheServerAreOutcomes(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]struct{ read, write error }{
		"-LOADING Redis is loading the dataset in memory\r\n":                 {ports.ErrBusy, ports.ErrBusy},
		"-BUSY Redis is busy running a script.\r\n":                           {ports.ErrBusy, ports.ErrBusy},
		"-TRYAGAIN Multiple keys request during rehashing of slot\r\n":        {ports.ErrBusy, ports.ErrBusy},
		"-CLUSTERDOWN The cluster is down\r\n":                                {ports.ErrUnavailable, ports.ErrUnavailable},
		"-MASTERDOWN Link with MASTER is down\r\n":                            {ports.ErrUnavailable, ports.ErrUnavailable},
		"-READONLY You can't write against a read only replica.\r\n":          {ports.ErrUnavailable, ports.ErrUnavailable},
		"-NOREPLICAS Not enough good replicas to write.\r\n":                  {ports.ErrUnavailable, ports.ErrUnavailable},
		"-MISCONF Redis is configured to save RDB snapshots\r\n":              {ports.ErrUnavailable, ports.ErrUnavailable},
		"-OOM command not allowed when used memory > 'maxmemory'.\r\n":        {ports.ErrUnavailable, ports.ErrUnavailable},
		"-ERR max number of clients reached\r\n":                              {ports.ErrUnavailable, ports.ErrUnavailable},
		"-NOAUTH Authentication required.\r\n":                                {ports.ErrPermission, ports.ErrPermission},
		"-NOPERM this user has no permissions to run 'evalsha'\r\n":           {ports.ErrPermission, ports.ErrPermission},
		"-ERR The user executing the script can't run this command\r\n":       {ports.ErrPermission, ports.ErrPermission},
		"-ERR unknown command 'EVALSHA'\r\n":                                  {ports.ErrUnsupported, ports.ErrUnsupported},
		"-ERR Error running script (call to f_1): @user_script:1: -OOM x\r\n": {ports.ErrUnavailable, ports.ErrUnavailable},
		"-ERR user_script:3: attempt to index a nil value\r\n":                {ports.ErrUnavailable, ports.ErrUnknown},
		"-WRONGTYPE Operation against a key\r\n":                              {ports.ErrUnavailable, ports.ErrUnknown},
		half + drop:                                                           {ports.ErrUnavailable, ports.ErrUnknown},
		drop:                                                                  {ports.ErrUnavailable, ports.ErrUnknown},
	} {
		t.Run(answer, func(t *testing.T) {
			t.Parallel()
			c := dialWire(t, newWire(t, always(answer)), Config{})
			_, err := c.run(t.Context(), "read", "x", readScript, nil)
			wantKind(t, err, want.read, "a read")
			_, err = c.run(context.Background(), "write", "x", writeScript, nil)
			wantKind(t, err, want.write, "a write")
		})
	}
}

// The handshake is under the same timeout, so that on a busy machine a call may
// not be sent at all; it is made again then.
func TestAnAnswerThatTakesTooLongIsAnOutcome(t *testing.T) {
	t.Parallel()
	w := newWire(t, always(half))
	c := dialWire(t, w, Config{ReadTimeout: 50 * time.Millisecond, Options: Options{Breaker: BreakerOptions{Failures: -1}}})
	for {
		_, err := c.run(t.Context(), "write", "x", writeScript, nil)
		if errors.Is(err, ports.ErrUnknown) {
			break
		}
		wantKind(t, err, ports.ErrUnavailable, "a write that was not sent")
		if got := w.commands(); len(got) > 0 {
			t.Fatalf("it was sent: %q", got)
		}
	}
	_, err := c.run(t.Context(), "read", "x", readScript, nil)
	wantKind(t, err, ports.ErrUnavailable, "a read")
}

func TestWhatWasNotSentChangedNothing(t *testing.T) {
	t.Parallel()
	nobody := &wire{addr: filepath.Join(t.TempDir(), "socket")} // no port: another test might get it
	_, err := dialWire(t, nobody, Config{}).run(t.Context(), "write", "x", writeScript, nil)
	wantKind(t, err, ports.ErrUnavailable, "a write without a server")

	mute := newWire(t, always(hang))
	c := dialWire(t, mute, Config{Password: "secret", ReadTimeout: 50 * time.Millisecond})
	_, err = c.run(t.Context(), "write", "x", writeScript, nil)
	wantKind(t, err, ports.ErrUnavailable, "a write whose handshake has no answer")
}

func TestACallThatWaitsForAConnectionIsNotSent(t *testing.T) {
	t.Parallel()
	sent := make(chan struct{}, 1)
	c := dialWire(t, newWire(t, func([]string) string { sent <- struct{}{}; return hang }), Config{PoolSize: 1})
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() {
		_, err := c.run(ctx, "write", "x", writeScript, nil)
		first <- err
	}()
	<-sent // it has the only connection
	short, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer end()
	_, err := c.run(short, "write", "x", writeScript, nil)
	wantKind(t, err, context.DeadlineExceeded, "a write that waits")
	cancel()
	wantKind(t, <-first, ports.ErrUnknown, "a write that was sent")
}

func TestACallEndsWithItsContext(t *testing.T) {
	t.Parallel()
	sent := make(chan struct{}, 8)
	c := dialWire(t, newWire(t, func([]string) string { sent <- struct{}{}; return hang }), Config{})
	for _, s := range []*script{readScript, writeScript} {
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-sent; cancel() }()
		_, err := c.run(ctx, "call", "x", s, nil)
		if s.writes {
			wantKind(t, err, ports.ErrUnknown, "a write that was cancelled")
		} else {
			wantKind(t, err, context.Canceled, "a read that was cancelled")
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("err = %v", err)
		}
	}
}

func TestAShutGateKeepsACommandFromBeingSent(t *testing.T) {
	t.Parallel()
	w := newWire(t, always(pong))
	c := dialWire(t, w, Config{})
	g := new(gate)
	if !g.shut() {
		t.Fatal("it did not shut")
	}
	r := send(t.Context(), c.universal, g, writeScript, nil, nil)
	if !errors.Is(r.err, errShut) || r.sent || r.verdict() != neutral {
		t.Errorf("%+v", r)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("the next call: %v", err)
	}
	if got := w.commands(); !slices.Equal(got, []string{"evalsha"}) {
		t.Errorf("commands %q", got)
	}
}

func TestAnUnknownScriptIsSentWithItsSource(t *testing.T) {
	t.Parallel()
	w := newWire(t, func(command []string) string {
		if command[0] == "evalsha" {
			return "-NOSCRIPT No matching script. Please use EVAL.\r\n"
		}
		if command[1] != pingScript.source {
			return "-ERR another source\r\n"
		}
		return pong
	})
	if err := dialWire(t, w, Config{}).Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if got := w.commands(); !slices.Equal(got, []string{"evalsha", "eval"}) {
		t.Errorf("commands %q", got)
	}
}

func TestNothingIsSentTwiceOnAClientThatRetries(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{drop, "-LOADING x\r\n", "-CLUSTERDOWN x\r\n", "-TRYAGAIN x\r\n", "-MASTERDOWN x\r\n", "-READONLY x\r\n"} {
		w := newWire(t, always(answer))
		user := goredis.NewClient(&goredis.Options{Addr: w.addr, MaxRetries: 5, Protocol: 2, DisableIdentity: true})
		c, err := New(user, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.run(t.Context(), "write", "x", writeScript, nil); err == nil {
			t.Error("no error")
		}
		if got := w.commands(); len(got) != 1 {
			t.Errorf("%q: commands %q", answer, got)
		}
		_ = user.Close()
	}
}
