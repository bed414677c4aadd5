package engine_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

// person is the document of most tests, with every kind of index on it.
type person struct {
	ID   string   `json:"id" sb:"id"`
	Name string   `json:"name" sb:"index"`
	Age  int      `json:"age" sb:"index,desc"`
	Tags []string `json:"tags,omitempty" sb:"index,optional"`
	Note string   `json:"note,omitempty"`
}

// people opens the collection that most tests use, with a compound index
// besides those of its tags.
func people(t *testing.T, db *core.DB) *core.Collection[person] {
	t.Helper()
	return collection[person](t, db, "people", core.Index("name", "-age").Named("by_name_and_age"))
}

// ids are the ids that a query answers, in order.
func ids(t *testing.T, q core.Query[person]) []string {
	t.Helper()
	found, err := q.IDs(t.Context())
	require.NoError(t, err)
	slices.Sort(found)
	return found
}

// question is a query and what it must answer by the plain meaning of its
// conditions.
type question struct {
	where []core.Predicate
	holds func(p person) bool
}

// questions asks about every value that these people have, about ranges
// between them, and about values that nobody has.
func questions(all []person) (list []question) {
	ask := func(holds func(person) bool, where ...core.Predicate) {
		list = append(list, question{where, holds})
	}
	for _, p := range append(all, person{Name: "nobody", Age: -1, Tags: []string{"no tag"}}) {
		ask(func(q person) bool { return q.Name == p.Name }, core.Eq("name", p.Name))
		ask(func(q person) bool { return q.Age == p.Age }, core.Eq("age", p.Age))
		ask(func(q person) bool { return q.Age > p.Age }, core.Gt("age", p.Age))
		ask(func(q person) bool { return q.Name == p.Name && q.Age <= p.Age }, core.Eq("name", p.Name), core.Lte("age", p.Age))
		ask(func(q person) bool { return q.Age == p.Age || q.Age == p.Age+1 }, core.In("age", p.Age, p.Age+1))
		for _, tag := range p.Tags {
			ask(func(q person) bool { return slices.Contains(q.Tags, tag) }, core.Eq("tags", tag))
		}
	}
	return list
}

// agree checks that every query answers what reading all documents answers.
// Values that former people had are asked for, too. It returns how many queries
// an index served.
func agree(t *testing.T, c *core.Collection[person], former ...person) (served int) {
	t.Helper()
	docs, err := c.All(t.Context())
	require.NoError(t, err)
	all := make([]person, len(docs))
	for i, doc := range docs {
		all[i] = doc.Value
	}
	for _, q := range questions(slices.Concat(all, former)) {
		var want []string
		for _, p := range all {
			if q.holds(p) {
				want = append(want, p.ID)
			}
		}
		slices.Sort(want)
		var profile core.Profile
		got := ids(t, c.Query().Where(q.where...).Profile(&profile))
		require.Equal(t, want, got, "%v: %s", q.where, profile)
		if profile.Index != "" {
			served++
		}
	}
	return served
}

// agreeByIndex waits for the indexes, and then checks that every query is
// served by one, and right.
func agreeByIndex(t *testing.T, s *site, c *core.Collection[person], former ...person) {
	t.Helper()
	ready(t, s, c)
	served := agree(t, c, former...)
	if s.index != nil {
		require.Positive(t, served, "no query was served by an index")
	}
}
