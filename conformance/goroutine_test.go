package conformance

import "testing"

func TestLabelledCountsOnlyWhatItStarted(t *testing.T) {
	t.Parallel()
	stop := make(chan struct{})
	go func() { <-stop }() // not to be counted
	left := labelled(func() {
		for range 3 {
			go func() { go func() { <-stop }() }()
		}
	})
	if !eventually(patience, func() bool { return left() == 3 }) {
		t.Errorf("%d goroutines are left, want 3", left())
	}
	if n := labelled(func() {})(); n != 0 {
		t.Errorf("%d goroutines are left by a function that starts none", n)
	}
	close(stop)
	if !eventually(patience, func() bool { return left() == 0 }) {
		t.Errorf("%d goroutines are left after they have ended", left())
	}
}
