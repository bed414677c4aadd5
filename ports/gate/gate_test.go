package gate_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/ports/gate"
)

func TestGateReleasesOnce(t *testing.T) {
	t.Parallel()
	for range 200 {
		var g gate.Gate
		var released, inside atomic.Int64
		g.Open(func() {
			if released.Add(1) != 1 || inside.Load() != 0 {
				t.Error("released again, or while somebody was inside")
			}
		})
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for range 20 {
					if g.Enter() {
						inside.Add(1)
						inside.Add(-1)
						g.Leave()
					}
				}
				if i == 0 {
					g.Close()
				}
			})
		}
		wg.Wait()
		if g.Close(); released.Load() != 1 || g.Enter() {
			t.Errorf("released %d times", released.Load())
		}
	}
}
