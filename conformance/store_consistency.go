package conformance

import (
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/ports"
)

var consistencyClauses = []Clause[StoreHarness]{
	{"OS-CON-1", "After a write has returned, every Get, Stat and List that starts later, in any process, MUST see it.", writesAreSeen},
}

func writesAreSeen(t *T, h StoreHarness) {
	first, second := h.pair(t)
	for round := range 10 {
		writer, reader := first, second
		if round%2 == 1 {
			writer, reader = second, first
		}
		wantSeen(t, writer, reader, "same.json")
		wantSeen(t, writer, reader, fmt.Sprintf("own/%d.json", round))
	}
	together(8, func(i int) {
		for range 5 {
			wantSeen(t, first, second, fmt.Sprintf("concurrent/%d.json", i))
		}
	})
	for i := range 3 {
		t.put(first, fmt.Sprintf("kept/%d.json", i), []byte("kept"), ports.IfAbsent)
	}
	before := t.state(first)
	if again, ok := h.reopen(t, first); ok {
		t.wantState(again, before, "closing and opening again")
	}
}

// wantSeen creates, replaces and deletes an object through writer and looks at
// it through reader after each step.
func wantSeen(t *T, writer, reader ports.ObjectStore, key string) {
	for _, body := range []string{"created", "replaced"} {
		v, err := writer.Put(t.Context(), key, []byte(body), ports.Any)
		t.wantErr(err, nil, "put of %q", key)
		o, err := reader.Get(t.Context(), key, ports.GetOptions{})
		if err != nil || string(o.Data) != body || o.Version != v {
			t.Errorf("get of %q after it was %s: %s, %q, %v, want version %q", key, body, excerpt(o.Data), o.Version, err, v)
		}
		if info, err := reader.Stat(t.Context(), key); err != nil || info.Version != v {
			t.Errorf("stat of %q after it was %s: %+v, %v, want version %q", key, body, info, err, v)
		}
		if got := listed(t, reader, key); !slices.Equal(got, []string{key}) {
			t.Errorf("list of %q after it was %s: %q", key, body, got)
		}
	}
	t.wantErr(writer.Delete(t.Context(), key, ports.Any), nil, "delete of %q", key)
	_, err := reader.Get(t.Context(), key, ports.GetOptions{})
	t.wantErr(err, ports.ErrNotFound, "get of %q after its delete", key)
	_, err = reader.Stat(t.Context(), key)
	t.wantErr(err, ports.ErrNotFound, "stat of %q after its delete", key)
	if got := listed(t, reader, key); len(got) > 0 {
		t.Errorf("list of %q after its delete: %q", key, got)
	}
}

// listed returns the keys with a prefix. Other than T.list, it can be used on
// any goroutine.
func listed(t *T, s ports.ObjectStore, prefix string) (found []string) {
	t.Helper()
	for info, err := range s.List(t.Context(), ports.ListOptions{Prefix: prefix}) {
		if err != nil {
			t.Errorf("list of %q answers %v", prefix, err)
			break
		}
		found = append(found, info.Key)
	}
	return found
}
