package conformance

import (
	"errors"
	"io"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var closeClauses = []Clause[StoreHarness]{
	{"OS-CLS-1", "Where the adapter is an io.Closer, every call after Close MUST answer ErrClosed, and a second Close MUST answer nil.", closedStore},
}

func closedStore(t *T, h StoreHarness) {
	s := h.open(t)
	closer, ok := ports.As[io.Closer](s)
	if !ok {
		t.absent("the store is no io.Closer")
		return
	}
	t.put(s, "k.json", []byte("there"), ports.Any)
	closeUnderLoad(t, s, closer)
	for _, call := range storeCalls(s) {
		t.wantErr(call.do(t.Context(), "k.json"), ports.ErrClosed, "%s after close", call.name)
		t.wantErr(call.do(t.Context(), "absent.json"), ports.ErrClosed, "%s of an absent key after close", call.name)
	}
	t.wantErr(closer.Close(), nil, "second close")
	t.wantErr(closer.Close(), nil, "third close")
}

// closeUnderLoad closes a store while calls go on: each of them is answered as
// if it had come before or after.
func closeUnderLoad(t *T, s ports.ObjectStore, closer io.Closer) {
	var calls atomic.Int64
	var closed atomic.Bool
	together(5, func(i int) {
		if i == 0 {
			if !eventually(patience, func() bool { return calls.Load() > 20 }) {
				t.Errorf("calls hang")
			}
			t.wantErr(closer.Close(), nil, "close")
			closed.Store(true)
			return
		}
		for {
			late := closed.Load()
			_, err := s.Put(t.Context(), "k.json", []byte("there"), ports.Any)
			calls.Add(1)
			switch {
			case errors.Is(err, ports.ErrClosed):
				return
			case late:
				t.Errorf("put after close answers %v, want ErrClosed", err)
				return
			case err != nil && !errors.Is(err, ports.ErrUnknown):
				t.Errorf("put while the store is closed answers %v", err)
				return
			}
		}
	})
}
