package conformance

import (
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
)

var batchClauses = []Clause[StoreHarness]{
	{"OS-BDL-1", "DeleteBatch MUST answer one error a key, in the order of keys, nil for deleted or absent ones.", batchAnswersEach},
}

func batchAnswersEach(t *T, h StoreHarness) {
	first, second := h.pair(t)
	deleter, ok := ports.As[ports.BatchDeleter](first)
	if !ok {
		t.absent("the store is no ports.BatchDeleter")
		return
	}
	t.put(first, "kept.json", []byte("kept"), ports.Any)
	t.put(first, "a.json2", []byte("kept"), ports.Any)
	before := t.state(first)
	remove := func(batch ...string) {
		t.Helper()
		errs, err := deleter.DeleteBatch(t.Context(), batch)
		t.must(err, "delete batch of %d keys", len(batch))
		if len(errs) != len(batch) {
			t.Fatalf("delete batch of %d keys answers %d errors", len(batch), len(errs))
		}
		for i, key := range batch {
			var want error
			if ports.ValidateKey(key) != nil {
				want = ports.ErrInvalidKey
			}
			t.wantErr(errs[i], want, "delete batch of %q at place %d", short(key), i)
		}
		t.wantState(second, before, "delete batch of other keys")
	}
	remove()
	remove("absent.json")
	for _, key := range []string{"a.json", "b.json", "c/c.json"} {
		t.put(second, key, []byte("x"), ports.Any)
	}
	remove("a.json", "absent.json", "../invalid", "b.json", "", "c/c.json", "b.json")
	var many []string
	for i := range max(20, h.PageSize) + 5 {
		many = append(many, fmt.Sprintf("many/%05d.json", i))
	}
	fill(t, first, many[:20])
	remove(many...)
}
