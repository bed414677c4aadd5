package gcs

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// walked returns how many objects a list yields, and its error.
func walked(t *testing.T, store ports.ObjectStore, opts ports.ListOptions, leaveAfter int) (n int, failure error) {
	t.Helper()
	for _, err := range store.List(t.Context(), opts) {
		if failure != nil {
			t.Error("a list goes on after its error")
		}
		if failure = err; err == nil {
			n++
		}
		if n == leaveAfter {
			break
		}
	}
	return n, failure
}

func TestAListAsksForNoMoreThanIsRead(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for i := range 2500 {
		srv.put(fmt.Sprintf("k/%04d", i), "x")
	}
	store := open(t, srv)
	for _, tt := range []struct {
		name             string
		opts             ports.ListOptions
		leave, n, needed int
	}{
		{"everything", ports.ListOptions{}, 0, 2500, 3},
		{"up to a limit within a page", ports.ListOptions{Limit: 10}, 0, 10, 1},
		{"up to a page", ports.ListOptions{Limit: 1000}, 0, 1000, 1},
		{"after a key, up to a limit", ports.ListOptions{StartAfter: "k/0100", Limit: 10}, 0, 10, 1},
		{"up to a key", ports.ListOptions{EndBefore: "k/0007"}, 0, 7, 1},
		{"up to a key before the start", ports.ListOptions{StartAfter: "k/0007", EndBefore: "k/0007"}, 0, 0, 0},
		{"a prefix cut inside a rune", ports.ListOptions{Prefix: "k/\xc3"}, 0, 0, 3},
		{"left early", ports.ListOptions{}, 5, 5, 1},
		{"left in the second page", ports.ListOptions{}, 1001, 1001, 2},
	} {
		srv.requests()
		n, err := walked(t, store, tt.opts, tt.leave)
		if asked := len(srv.requests()); n != tt.n || asked != tt.needed || err != nil {
			t.Errorf("a list of %s yields %d with %d requests, %v; want %d with %d", tt.name, n, asked, err, tt.n, tt.needed)
		}
	}
}

func TestAListThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	for i := range 1500 {
		srv.put(fmt.Sprintf("k/%04d", i), "x")
	}
	once(srv, 2, http.StatusServiceUnavailable, func(*http.Request) bool { return true })
	n, err := walked(t, open(t, srv), ports.ListOptions{}, 0)
	if n != 1000 {
		t.Errorf("the page before the failure yields %d", n)
	}
	wantErr(t, err, ports.ErrBusy, "a list whose second page fails")
}
