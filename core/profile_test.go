package core_test

import (
	"fmt"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// What a profile says that a query cost is what store and index were asked.
func TestProfileCountsWhatIsAsked(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plan := faults.New(faults.Options{})
	inner := memory.NewStore(memory.StoreOptions{})
	db, err := core.Open(ctx, faults.Store(inner, plan), core.Options{
		Components: core.Components{Index: faults.Index(memory.NewIndex(memory.IndexOptions{}), plan)},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	users, err := core.NewCollection[User](ctx, db, "users", core.Index("age"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if _, err := users.Create(ctx, fmt.Sprint(i), User{Name: "n", Email: fmt.Sprint(i%4, "@x"), Age: i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := users.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	size := func(ids ...int) (total int64) {
		for _, id := range ids {
			info, err := inner.Stat(ctx, fmt.Sprintf("users/%d.json", id))
			if err != nil {
				t.Fatal(err)
			}
			total += info.Size
		}
		return total
	}
	for name, c := range map[string]struct {
		query core.Query[User]
		want  core.Profile
	}{
		"index":      {users.Query().Where(core.Eq("email", "1@x")), core.Profile{Index: "by_email", Candidates: 5, Read: 5, Matched: 5, IndexTrips: 1, Requests: 6, Bytes: size(1, 5, 9, 13, 17)}},
		"two ranges": {users.Query().Where(core.In("age", 3, 4)), core.Profile{Index: "by_age", Candidates: 2, Read: 2, Matched: 2, IndexTrips: 2, Requests: 3, Bytes: size(3, 4)}},
		"residual":   {users.Query().Where(core.Lt("age", 4), core.Eq("email", "2@x")), core.Profile{Index: "by_email", Candidates: 5, Read: 5, Matched: 1, IndexTrips: 1, Requests: 6, Bytes: size(2, 6, 10, 14, 18)}},
		// A scan looks once more whether an index has become ready.
		"scan":         {users.Query().Where(core.Eq("name", "n")), core.Profile{Candidates: 20, Read: 20, Matched: 20, Requests: 22}},
		"no condition": {users.Query(), core.Profile{Candidates: 20, Read: 20, Matched: 20, Requests: 21}},
	} {
		t.Run(name, func(t *testing.T) {
			plan.Reset()
			got, err := c.query.Explain(ctx)
			if err != nil {
				t.Fatal(err)
			}
			reads := plan.Calls(faults.Get) + plan.Calls(faults.List)
			if got.Requests != reads || got.IndexTrips != plan.Calls(faults.Query) {
				t.Errorf("the profile says %d requests and %d trips; asked were %v", got.Requests, got.IndexTrips, plan.Trace())
			}
			if c.want.Bytes == 0 {
				c.want.Bytes = got.Bytes
			}
			if got.Index != c.want.Index || got.Candidates != c.want.Candidates || got.Read != c.want.Read || got.Matched != c.want.Matched ||
				got.IndexTrips != c.want.IndexTrips || got.Requests != c.want.Requests || got.Bytes != c.want.Bytes {
				t.Errorf("profile %+v, want %+v", got, c.want)
			}
		})
	}
	if writes := plan.Calls(faults.AnyWrite); writes != 0 {
		t.Errorf("queries made %d writes", writes)
	}
}
