package core_test

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// partitioned opens users on an index whose calls the plan counts.
func partitioned(t *testing.T, store ports.ObjectStore, x ports.Index, partitions int) (*core.Collection[User], *faults.Plan) {
	t.Helper()
	plan := faults.New(faults.Options{})
	db := openWith(t, store, core.Options{
		Settings:   core.Settings{IndexPartitions: partitions},
		Components: core.Components{Index: faults.Index(x, plan)},
	})
	users, err := core.NewCollection[User](t.Context(), db, "users", core.Index("age", "-name"), core.Index("tags"))
	if err != nil {
		t.Fatal(err)
	}
	if err := users.WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	return users, plan
}

func fill(t *testing.T, users *core.Collection[User]) {
	t.Helper()
	for i := range 60 {
		user := User{Name: fmt.Sprint("n", i%5), Email: fmt.Sprint(i%4, "@x"), Age: i % 10, Tags: []string{fmt.Sprint("t", i%3), "all"}}
		if _, err := users.Create(t.Context(), fmt.Sprint("u", i), user); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		if _, err := users.Update(t.Context(), fmt.Sprint("u", i*3), func(u *User) error { u.Age += 5; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if err := users.Delete(t.Context(), "u7"); err != nil {
		t.Fatal(err)
	}
}

func partitionQueries(users *core.Collection[User]) []core.Query[User] {
	q := users.Query()
	return []core.Query[User]{
		q.Where(core.Eq("email", "1@x")).OrderBy("age", core.Desc),
		q.Where(core.Gte("age", 3), core.Lt("age", 12)).OrderBy("age", core.Asc).OrderBy("name", core.Asc),
		q.Where(core.Gte("age", 3)).OrderBy("age", core.Asc).Limit(7),
		q.Where(core.In("age", 1, 2, 13)).OrderBy("name", core.Asc),
		q.Where(core.Eq("tags", "all")).OrderBy("email", core.Asc).Limit(11),
		q.Where(core.Eq("age", 6), core.Gt("name", "n0")).OrderBy("name", core.Asc),
	}
}

func TestPartitionedIndexesAnswerTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, partitionedIndexes)
}

func partitionedIndexes(t *testing.T) {
	var want [][]string
	for _, count := range []int{1, 7, 256} {
		users, plan := partitioned(t, memory.NewStore(memory.StoreOptions{}), memory.NewIndex(memory.IndexOptions{}), count)
		plan.Reset()
		fill(t, users)
		if begins := plan.Calls(faults.Begin); begins != 80 {
			t.Errorf("%d partitions: 80 writes and a delete made %d round trips", count, begins)
		}
		for i, q := range partitionQueries(users) {
			var profile core.Profile
			plan.Reset()
			ids, err := q.Profile(&profile).IDs(t.Context())
			if err != nil || profile.Index == "" || len(ids) == 0 {
				t.Errorf("%d partitions, query %d: %d found by %q, %v", count, i, len(ids), profile.Index, err)
			}
			if calls := plan.Calls(faults.Query); calls != profile.IndexTrips*count {
				t.Errorf("%d partitions, query %d: %d calls for %d trips", count, i, calls, profile.IndexTrips)
			}
			if count == 1 {
				want = append(want, ids)
			} else if !slices.Equal(ids, want[i]) {
				t.Errorf("%d partitions, query %d: %v, want %v", count, i, ids, want[i])
			}
		}
	}
}

// The number of partitions is a fact of the collection, not of the process.
func TestProcessesFollowTheManifest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, processesFollowTheManifest)
}

func processesFollowTheManifest(t *testing.T) {
	store, x := memory.NewStore(memory.StoreOptions{}), memory.NewIndex(memory.IndexOptions{})
	first, _ := partitioned(t, store.Client(), x.Client(), 7)
	fill(t, first)
	for _, count := range []int{1, 3} {
		other, plan := partitioned(t, store.Client(), x.Client(), count)
		if _, err := other.Create(t.Context(), fmt.Sprint("by ", count), User{Age: 100, Name: "n"}); err != nil {
			t.Fatal(err)
		}
		for _, users := range []*core.Collection[User]{first, other} {
			var profile core.Profile
			ids, err := users.Query().Where(core.Eq("age", 100)).Profile(&profile).IDs(t.Context())
			if err != nil || profile.Index == "" || !slices.Contains(ids, fmt.Sprint("by ", count)) {
				t.Errorf("with the option %d: %v by %q, %v", count, ids, profile.Index, err)
			}
		}
		if installs := plan.Calls(faults.Install); installs != 0 {
			t.Errorf("with the option %d: %v", count, plan.Trace())
		}
	}
}

// A partition that is lost, or was never reached, makes no query wrong, and is
// built anew.
func TestLostPartitions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, lostPartitions)
}

func lostPartitions(t *testing.T) {
	x := memory.NewIndex(memory.IndexOptions{})
	users, plan := partitioned(t, memory.NewStore(memory.StoreOptions{}), x, 7)
	fill(t, users)
	want, err := partitionQueries(users)[1].IDs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	place := strings.TrimSuffix(spaceOf(t, plan, "#3/7"), "#3/7")
	for name, lose := range map[string]func(){
		"dropped": func() {
			if err := x.Drop(t.Context(), place+"#3/7", ""); err != nil {
				t.Error(err)
			}
		},
		"everything": x.Lose,
		"restarted":  x.Restart,
		"an install that did not reach all": func() {
			plan.On(faults.Match{Method: faults.Install, Key: place + "#5/7"}).Fail(ports.ErrUnavailable)
			x.Lose()
		},
	} {
		lose()
		for _, when := range []string{"at once", "when it is ready"} {
			var profile core.Profile
			ids, err := partitionQueries(users)[1].Profile(&profile).IDs(t.Context())
			if err != nil || !slices.Equal(ids, want) {
				t.Errorf("%s, %s: %v, %v, want %v", name, when, ids, err, want)
			}
			if indexed := profile.Index != ""; indexed != (when == "when it is ready") {
				t.Errorf("%s, %s: by index is %v", name, when, indexed)
			}
			if err := users.WaitReady(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

// spaceOf finds the space with that ending in what was sent to an index.
func spaceOf(t *testing.T, plan *faults.Plan, ending string) string {
	t.Helper()
	found := regexp.MustCompile(`users#[0-9a-z]+` + regexp.QuoteMeta(ending)).FindString(plan.Trace())
	if found == "" {
		t.Fatalf("no space ends in %s: %s", ending, plan.Trace())
	}
	return found
}

func TestPartitionsOption(t *testing.T) {
	t.Parallel()
	for _, count := range []int{-1, 257} {
		_, err := core.Open(t.Context(), memory.NewStore(memory.StoreOptions{}), core.Options{Settings: core.Settings{IndexPartitions: count}})
		if !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%d partitions: %v", count, err)
		}
	}
}
