package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

// An older and a newer version of a program run side by side: each maintains
// the indexes that the other one declared.
func TestEveryWriterMaintainsEveryIndex(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		older := collection[map[string]any](t, s.open(t), "people", core.Index("name"))
		ready(t, s, older)
		_, err := older.Create(ctx, "ann", map[string]any{"id": "ann", "name": "Ann", "age": 30})
		require.NoError(t, err)
		newer := people(t, s.open(t))
		_, err = older.Create(ctx, "bob", map[string]any{"id": "bob", "name": "Bob", "age": 31, "tags": []string{"x"}})
		require.NoError(t, err)
		agree(t, newer)
		agreeByIndex(t, s, newer)
		_, err = older.Patch(ctx, "ann", `{"age":40,"tags":["x","y"]}`)
		require.NoError(t, err)
		require.NoError(t, older.Delete(ctx, "bob"))
		agreeByIndex(t, s, newer, person{Name: "Bob", Age: 31}, person{Name: "Ann", Age: 30})
		found, err := older.Query().Where(core.Eq("age", 40)).IDs(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"ann"}, found)
	})
}

func TestManyProcessesDeclareAtOnce(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		var group sync.WaitGroup
		for i := range 6 {
			db := s.open(t)
			group.Go(func() {
				c, err := core.NewCollection[person](t.Context(), db, "people", core.Index("note").Named(fmt.Sprint("note ", i%2)), core.Index(fmt.Sprint("field", i)))
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := c.Create(t.Context(), fmt.Sprint(i), person{Name: fmt.Sprint(i % 2), Age: i}); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		c := people(t, s.open(t))
		agree(t, c)
		agreeByIndex(t, s, c)
		if s.index != nil {
			manifest := s.body(t, "_sb/index/people.json")
			for i := range 6 {
				require.Equal(t, 1, strings.Count(manifest, fmt.Sprintf(`"path":"field%d"`, i)))
			}
			require.Equal(t, 1, strings.Count(manifest, `"path":"note"`))
		}
	})
}

// initials is an index function.
func initials(v struct{ Name *string }) []any {
	if v.Name == nil {
		return nil
	}
	return []any{(*v.Name)[:1]}
}

func TestIndexFunctions(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		raw := collection[json.RawMessage](t, s.open(t, withoutIndex), "people")
		_, err := raw.Create(ctx, "odd", json.RawMessage(`{"name":7}`))
		require.NoError(t, err)
		declare := core.IndexFunc("initial", initials)
		c := collection[person](t, s.open(t), "people", declare)
		ready(t, s, c)
		_, err = c.Create(ctx, "ann", person{Name: "Ann"})
		require.NoError(t, err)
		_, err = c.Create(ctx, "bob", person{Name: "Bob"})
		require.NoError(t, err)
		for range 2 {
			found, err := c.Query().Where(core.Eq("initial()", "A")).IDs(ctx)
			require.Equal(t, []string{"ann"}, found)
			var failed *core.DocumentErrors
			require.ErrorAs(t, err, &failed, "the document that the function can't read is reported")
			require.Equal(t, "odd", failed.Errors[0].ID)
			ready(t, s, c)
		}
		if s.index == nil {
			return
		}
		stranger := s.open(t)
		_, err = stranger.Put(ctx, "people/cyn", map[string]any{"name": "Cyn"})
		require.ErrorIs(t, err, core.ErrUnsupported, "a writer that does not have the function")
		require.ErrorContains(t, err, "initial")
		found, err := c.Exists(ctx, "cyn")
		require.NoError(t, err)
		require.False(t, found)
		require.NoError(t, stranger.Delete(ctx, "people/bob"), "a tombstone has no entries")
		same := collection[json.RawMessage](t, s.open(t), "people", declare)
		_, err = same.Put(ctx, "dan", json.RawMessage(`{"name":[]}`))
		require.ErrorIs(t, err, core.ErrInvalid, "a document that can't be indexed")
		_, err = same.Put(ctx, "odd", json.RawMessage(`{"name":"Zoe"}`))
		require.NoError(t, err)
		ids, err := c.Query().Where(core.In("initial()", "A", "B", "Z")).OrderBy("name", core.Asc).IDs(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"ann", "odd"}, ids)
	})
}

// A document with very many entries is refused while it is written, and
// reported if it was there before the index.
func TestTooManyEntries(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		tags := make([]string, 1001)
		for i := range tags {
			tags[i] = fmt.Sprint(i)
		}
		raw := collection[map[string]any](t, s.open(t, withoutIndex), "people")
		_, err := raw.Create(ctx, "many", map[string]any{"name": "Ann", "tags": tags})
		require.NoError(t, err)
		c := people(t, s.open(t))
		_, err = c.Create(ctx, "ann", person{Name: "Ann", Tags: []string{"5"}})
		require.NoError(t, err)
		if s.index == nil {
			return
		}
		ready(t, s, c)
		found, err := c.Query().Where(core.Eq("tags", "5")).IDs(ctx)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"ann", "many"}, found, "it is a candidate of every query")
		_, err = c.Create(ctx, "again", person{Tags: tags})
		require.ErrorIs(t, err, core.ErrInvalid)
	})
}

func TestALoopThatIsLeftEarlyEndsEverything(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		c := people(t, s.open(t))
		for i := range 100 {
			_, err := c.Create(t.Context(), fmt.Sprint(i), person{Name: "Ann", Age: i})
			require.NoError(t, err)
		}
		for range 2 {
			for _, q := range []core.Query[person]{c.Query(), c.Query().Where(core.Eq("name", "Ann")), c.Query().Where(core.Eq("name", "Ann")).OrderBy("age", core.Desc)} {
				for _, err := range q.Iter(t.Context()) {
					require.NoError(t, err)
					break
				}
				docs, err := q.Limit(3).All(t.Context())
				require.NoError(t, err)
				require.Len(t, docs, 3)
				seen, err := countUntilCancelled(t.Context(), q)
				require.Truef(t, errors.Is(err, context.Canceled) || seen == 100, "%d documents, and then %v", seen, err)
			}
			ready(t, s, c)
		}
	})
}

// countUntilCancelled ends the context at the first document, and goes on.
func countUntilCancelled(ctx context.Context, q core.Query[person]) (seen int, last error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for _, err := range q.Iter(ctx) {
		if last = err; err == nil {
			seen++
		}
		cancel()
	}
	return seen, last
}
