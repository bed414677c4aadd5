package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var contextClauses = []Clause[StoreHarness]{
	{"OS-CTX-1", "A call whose context is done before it starts MUST change nothing and answer an error matching ctx.Err().", doneContext},
	{"OS-CTX-2", "A Put or Delete whose context ends after the request was sent MUST answer ErrUnknown unless its outcome is known; it MUST NOT start to take effect in this process after the context has ended.", contextEnds},
}

// doneContexts are the ways in which a context can be done.
func doneContexts(t *T) map[string]context.Context {
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	caused, cancelCause := context.WithCancelCause(t.Context())
	cancelCause(errors.New("a reason of the caller's own"))
	expired, cancelExpired := context.WithDeadline(t.Context(), time.Unix(0, 0))
	t.Cleanup(cancelExpired)
	return map[string]context.Context{"canceled": canceled, "canceled with a cause": caused, "expired": expired}
}

func doneContext(t *T, h StoreHarness) {
	s := h.open(t)
	t.put(s, "k.json", []byte("there"), ports.Any)
	before := t.state(s)
	for how, ctx := range doneContexts(t) {
		for _, call := range storeCalls(s) {
			for _, key := range []string{"k.json", "absent.json"} {
				t.wantErr(call.do(ctx, key), ctx.Err(), "%s of %q with a context that is %s", call.name, key, how)
				t.wantState(s, before, "%s with a context that is %s", call.name, how)
			}
		}
	}
}

func contextEnds(t *T, h StoreHarness) {
	first, second := h.pair(t)
	cutWrites(t, first, second)
	if streamer, ok := ports.As[ports.Streamer](first); ok {
		cutStream(t, first, streamer)
	}
}

// cutWrites ends the contexts of puts and deletes at moments spread over the
// time that one takes, and looks at what became of them.
func cutWrites(t *T, first, second ports.ObjectStore) {
	const rounds = 40
	old, fresh := make([]byte, 64<<10), make([]byte, 64<<10+1)
	started := time.Now()
	t.put(first, "measured.bin", old, ports.Any)
	took := max(time.Since(started), 50*time.Microsecond)
	settled := map[string]int{} // sizes; -1 is absent
	size := func(key string) int {
		o, err := second.Get(t.Context(), key, ports.GetOptions{})
		if err != nil {
			t.wantErr(err, ports.ErrNotFound, "get after a write that was cut")
			return -1
		}
		return len(o.Data)
	}
	for i := range rounds {
		key, after := fmt.Sprintf("%d.bin", i), len(fresh)
		t.put(first, key, old, ports.Any)
		ctx, cancel := context.WithTimeout(t.Context(), took*time.Duration(i)*3/(2*rounds))
		var err error
		if i%2 == 0 {
			_, err = first.Put(ctx, key, fresh, ports.Any)
		} else {
			err, after = first.Delete(ctx, key, ports.Any), -1
		}
		settled[key] = size(key)
		switch {
		case err == nil && settled[key] != after:
			t.Errorf("a write was acknowledged, and %d bytes are there, want %d", settled[key], after)
		case err != nil && !errors.Is(err, ports.ErrUnknown) && settled[key] != len(old):
			t.Errorf("a write took effect and answered %v, which is not ErrUnknown", err)
		case err != nil && !errors.Is(err, ports.ErrUnknown) && !errors.Is(err, ctx.Err()):
			t.Errorf("a write whose context ended answers %v", err)
		}
		cancel()
	}
	if first.Capabilities().LateWrites {
		return // what was sent can arrive at any time
	}
	<-time.After(20 * time.Millisecond)
	for key, before := range settled {
		if now := size(key); now != before {
			t.Errorf("a write took effect after it had answered and its context had ended: %d bytes, then %d", before, now)
		}
	}
}

// cutStream ends the context of an upload in the middle of its body.
func cutStream(t *T, s ports.ObjectStore, streamer ports.Streamer) {
	t.put(s, "stream.bin", []byte("old"), ports.Any)
	for _, key := range []string{"stream.bin", "absent.bin"} {
		ctx, cancel := context.WithCancel(t.Context())
		body := &pattern{size: 1 << 20, at: 1 << 19, then: func() error { cancel(); return nil }}
		_, err := streamer.PutStream(ctx, key, body, ports.Any)
		if err == nil {
			t.Errorf("put stream answers no error though its context ended in the middle of the body")
		}
		cancel()
	}
	t.wantBytes(s, "stream.bin", []byte("old"), "after an upload that was cut")
	_, err := s.Get(t.Context(), "absent.bin", ports.GetOptions{})
	t.wantErr(err, ports.ErrNotFound, "get after an upload that was cut")
}

// pattern is a body of size bytes. Once at bytes were read it calls then,
// which may be nil, and fails with its error if there is one.
type pattern struct {
	size, at, read int
	then           func() error
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.then != nil && p.read >= p.at {
		then := p.then
		p.then = nil
		if err := then(); err != nil {
			return 0, err
		}
	}
	if p.read >= p.size {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), 32<<10)], patternBytes(p.size)[p.read:])
	p.read += n
	return n, nil
}

// patternBytes is what a pattern of that size reads. It has no short period,
// so that blocks in the wrong place show. It must not be changed.
func patternBytes(size int) []byte { return patternOnce()[:size] }

var patternOnce = sync.OnceValue(func() []byte {
	b := make([]byte, streamSize)
	for i := range b {
		b[i] = byte(i ^ i>>8 ^ i>>15)
	}
	return b
})
