//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"fmt"
	"sync"
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
	if n := s.gate.Inside(); n != 0 {
		t.Errorf("%d are still inside", n)
	}
}
