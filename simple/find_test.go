package simple_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

func TestFindCountAndEachAgree(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users := collect[User](t, open(t, "mem://"))
	for _, u := range []User{{"a", "Ada", 36}, {"b", "Bob", 20}, {"c", "Cyd", 36}, {"d", "Dan", 50}} {
		create(t, users, u)
	}
	for _, ready := range []bool{false, true} {
		if ready {
			if err := users.Core().WaitReady(ctx); err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			conditions []simple.Predicate
			ids        []string
		}{
			"all":        {nil, []string{"a", "b", "c", "d"}},
			"one value":  {[]simple.Predicate{simple.Eq("age", 36)}, []string{"a", "c"}},
			"two fields": {[]simple.Predicate{simple.Eq("age", 36), simple.Eq("name", "Cyd")}, []string{"c"}},
			"a range":    {[]simple.Predicate{simple.Gte("age", 36), simple.Lt("age", 51)}, []string{"a", "c", "d"}},
			"a set":      {[]simple.Predicate{simple.In("age", 20, 50)}, []string{"b", "d"}},
			"none":       {[]simple.Predicate{simple.Gt("age", 99)}, nil},
		} {
			var found, each []string
			values, err := users.Find(ctx, c.conditions...)
			for _, u := range values {
				found = append(found, u.ID)
			}
			eachErr := users.Each(ctx, func(u User) error { each = append(each, u.ID); return nil }, c.conditions...)
			count, countErr := users.Count(ctx, c.conditions...)
			slices.Sort(found)
			slices.Sort(each)
			if err := errors.Join(err, eachErr, countErr); err != nil || !slices.Equal(found, c.ids) || !slices.Equal(each, c.ids) || count != len(c.ids) {
				t.Errorf("%s (index ready: %t): found %v, each %v, count %d, want %v, err %v", name, ready, found, each, count, c.ids, err)
			}
		}
	}
}

func TestFindOneAnswersOneOfThemOrErrNotFound(t *testing.T) {
	t.Parallel()
	users := collect[User](t, open(t, "mem://"))
	create(t, users, User{ID: "a", Age: 1})
	create(t, users, User{ID: "b", Age: 1})
	if got, err := users.FindOne(t.Context(), simple.Eq("age", 1)); err != nil || got.Age != 1 || got.ID == "" {
		t.Errorf("got %+v, err %v", got, err)
	}
	if got, err := users.FindOne(t.Context(), simple.Eq("age", 2)); !errors.Is(err, core.ErrNotFound) || got != (User{}) {
		t.Errorf("got %+v, err %v", got, err)
	}
}

func TestEachStopsAtTheErrorOfTheFunction(t *testing.T) {
	t.Parallel()
	users := collect[User](t, open(t, "mem://"))
	create(t, users, User{ID: "a"})
	create(t, users, User{ID: "b"})
	own, calls := errors.New("own"), 0
	err := users.Each(t.Context(), func(User) error { calls++; return own })
	if err != own || calls != 1 { //nolint:errorlint // it must come back as it is
		t.Errorf("err %v after %d calls", err, calls)
	}
}

func TestABrokenDocumentIsReportedAndTheOthersServed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	root := t.TempDir()
	users := collect[User](t, open(t, simple.FileURL(root)))
	for _, id := range []string{"a", "b", "c"} {
		create(t, users, User{ID: id})
	}
	if err := os.WriteFile(filepath.Join(root, "users", "b.json"), []byte("{broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	var failed *core.DocumentErrors
	all, err := users.All(ctx)
	if !errors.As(err, &failed) || !errors.Is(err, core.ErrCorrupt) || len(all) != 2 || all[0].ID != "a" || all[1].ID != "c" {
		t.Errorf("all %+v, err %v", all, err)
	}
	if n, err := users.Count(ctx); !errors.As(err, &failed) || n != 2 {
		t.Errorf("count %d, err %v", n, err)
	}
	calls := 0
	if err := users.Each(ctx, func(User) error { calls++; return nil }); !errors.As(err, &failed) || calls != 2 {
		t.Errorf("each %d, err %v", calls, err)
	}
}

func TestPredicatesAreThoseOfCore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ got, want core.Predicate }{
		{simple.Eq("f", 1), core.Eq("f", 1)},
		{simple.Lt("f", 1), core.Lt("f", 1)},
		{simple.Lte("f", 1), core.Lte("f", 1)},
		{simple.Gt("f", 1), core.Gt("f", 1)},
		{simple.Gte("f", 1), core.Gte("f", 1)},
		{simple.In("f", 1, 2), core.In("f", 1, 2)},
		{simple.Prefix("f", "p"), core.Prefix("f", "p")},
	} {
		if c.got.String() != c.want.String() {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
}
