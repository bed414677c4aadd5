//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// Calls that run while the store is closed succeed as a whole or answer
// ErrClosed; none of them finds its descriptors taken away.
func TestCloseWhileCallsRun(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t, Options{Sync: SyncNone})
	var wg sync.WaitGroup
	under := make(chan struct{}, 8)
	for i := range 8 {
		wg.Go(func() {
			var err error
			for n := 0; err == nil; n++ {
				if n == 3 {
					under <- struct{}{}
				}
				key := fmt.Sprintf("d/%d/%d.json", i, n%5)
				_, err = s.Put(t.Context(), key, []byte(key), ports.Any)
				if err == nil {
					var object ports.Object
					object, err = s.Get(t.Context(), key, ports.GetOptions{})
					if err == nil && string(object.Data) != key {
						t.Errorf("%q holds %q", key, object.Data)
					}
				}
				for _, e := range s.List(t.Context(), ports.ListOptions{Prefix: "d/", Limit: 3}) {
					err = errors.Join(err, e)
				}
			}
			wantErr(t, err, ports.ErrClosed, "the last call")
		})
	}
	for range 8 {
		<-under
	}
	for range 3 {
		wg.Go(func() { wantErr(t, s.Close(), nil, "close") })
	}
	wg.Wait()
	if n := s.gate.inside.Load(); n != 0 {
		t.Errorf("%d are still inside", n)
	}
}

func TestGateReleasesOnce(t *testing.T) {
	t.Parallel()
	for range 200 {
		var g gate
		var released, inside atomic.Int64
		g.open(func() {
			if released.Add(1) != 1 || inside.Load() != 0 {
				t.Error("released again, or while somebody was inside")
			}
		})
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 20 {
					if g.enter() {
						inside.Add(1)
						inside.Add(-1)
						g.leave()
					}
				}
				if i == 0 {
					g.close()
				}
			})
		}
		wg.Wait()
		if g.close(); released.Load() != 1 || g.enter() {
			t.Errorf("released %d times", released.Load())
		}
	}
}
