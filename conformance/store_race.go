package conformance

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/smarterbase/smarterbase/ports"
)

var raceClauses = []Clause[StoreHarness]{
	{"OS-RAC-1", "All methods MUST be safe for concurrent use.", manyAtOnce},
}

func manyAtOnce(t *T, h StoreHarness) {
	for _, n := range []int{8, 24} {
		first, second := h.pair(t)
		countTogether(t, []ports.ObjectStore{first, second}, n, 48/n)
	}
	first, second := h.pair(t)
	mixAll(t, []ports.ObjectStore{first, second})
}

// countTogether lets n goroutines increment one number by compare-and-swap,
// each of them several times, and checks the total.
func countTogether(t *T, clients []ports.ObjectStore, n, each int) {
	t.Helper()
	t.put(clients[0], "total", []byte("0"), ports.IfAbsent)
	together(n, func(i int) {
		for range each {
			if err := increment(t, clients[i%len(clients)], "total"); err != nil {
				t.Errorf("increment by compare-and-swap answers %v", err)
				return
			}
		}
	})
	t.wantBytes(clients[0], "total", []byte(strconv.Itoa(n*each)), "after %d goroutines incremented it %d times each", n, each)
}

// increment tries again while others win, but not for ever: each round has a
// winner, so that it gets its turn long before.
func increment(t *T, s ports.ObjectStore, key string) (err error) {
	for range 10_000 {
		o, err := s.Get(t.Context(), key, ports.GetOptions{})
		if err != nil {
			return err
		}
		value, err := strconv.Atoi(string(o.Data))
		if err != nil {
			return err
		}
		_, err = s.Put(t.Context(), key, []byte(strconv.Itoa(value+1)), ports.IfVersion(o.Version))
		if !errors.Is(err, ports.ErrPrecondition) {
			return err
		}
	}
	return err
}

// mixAll uses every method at once, each goroutine on keys of its own, so
// that every answer is known although nothing waits for anything else.
func mixAll(t *T, clients []ports.ObjectStore) {
	t.Helper()
	together(12, func(i int) {
		s, prefix := clients[i%len(clients)], fmt.Sprintf("own-%02d/", i)
		for round := range 6 {
			key := fmt.Sprintf("%s%d.json", prefix, round)
			body := []byte(key)
			v, err := s.Put(t.Context(), key, body, ports.IfAbsent)
			t.wantErr(err, nil, "put of %q", key)
			t.wantBytes(s, key, body, "while others work")
			info, err := s.Stat(t.Context(), key)
			if err != nil || info.Version != v || info.Size != int64(len(body)) {
				t.Errorf("stat of %q answers %+v, %v", key, info, err)
			}
			if got := listed(t, s, prefix); len(got) != round+1 {
				t.Errorf("list of %q answers %q, want %d keys", prefix, got, round+1)
			}
			other := fmt.Sprintf("own-%02d/", (i+1)%12)
			for info, err := range s.List(t.Context(), ports.ListOptions{Prefix: other}) {
				t.wantErr(err, nil, "list of what another one writes, %+v", info)
			}
		}
		t.wantErr(s.Delete(t.Context(), prefix+"0.json", ports.Any), nil, "delete")
	})
	if got := t.list(clients[0], ports.ListOptions{Prefix: "own-"}); len(got) != 12*5 {
		t.Errorf("list answers %d objects after 12 goroutines made 5 each", len(got))
	}
}
