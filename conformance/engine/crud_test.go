package engine_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

func TestRevisionsAndConditions(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := people(t, s.open(t))
		created, err := c.Create(ctx, "ann", person{Name: "Ann", Age: 1})
		require.NoError(t, err)
		require.Equal(t, person{ID: "ann", Name: "Ann", Age: 1}, created.Value)
		_, err = c.Create(ctx, "ann", person{})
		require.ErrorIs(t, err, core.ErrExists)
		_, err = c.Put(ctx, "ann", person{}, core.IfAbsent())
		require.ErrorIs(t, err, core.ErrExists)

		put, err := c.Put(ctx, "ann", person{Name: "Ann", Age: 2}, core.IfRevision(created.Revision))
		require.NoError(t, err)
		require.Positive(t, put.Revision.Compare(created.Revision))
		_, err = c.Put(ctx, "ann", person{Age: 3}, core.IfRevision(created.Revision))
		require.ErrorIs(t, err, core.ErrConflict)
		_, err = c.Update(ctx, "ann", func(p *person) error { p.Age = 3; return nil }, core.IfRevision(created.Revision))
		require.ErrorIs(t, err, core.ErrConflict)
		_, err = c.Patch(ctx, "ann", `{"age":3}`, core.IfRevision(created.Revision))
		require.ErrorIs(t, err, core.ErrConflict)
		require.ErrorIs(t, c.Delete(ctx, "ann", core.IfRevision(created.Revision)), core.ErrConflict)

		got, err := c.Get(ctx, "ann")
		require.NoError(t, err)
		require.Equal(t, put.Value, got.Value)
		require.Zero(t, got.Revision.Compare(put.Revision))

		// A revision that traveled as text costs a read more, and is as good.
		parsed, err := core.ParseRevision(got.Revision.String())
		require.NoError(t, err)
		updated, err := c.Update(ctx, "ann", func(p *person) error { p.Age++; return nil }, core.IfRevision(parsed))
		require.NoError(t, err)
		require.Equal(t, 3, updated.Value.Age)
		require.NoError(t, c.Delete(ctx, "ann", core.IfRevision(updated.Revision)))
		agreeByIndex(t, s, c)
	})
}

func TestUpdateEndsWithTheFunctionsOwnError(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := people(t, s.open(t))
		first, err := c.Create(ctx, "ann", person{Age: 1})
		require.NoError(t, err)
		own := errors.New("own")
		_, err = c.Update(ctx, "ann", func(p *person) error { p.Age = 2; return own })
		require.Equal(t, own, err)
		same, err := c.Update(ctx, "ann", func(*person) error { return nil })
		require.NoError(t, err)
		require.Zero(t, same.Revision.Compare(first.Revision), "nothing changed, and it was written")
		_, err = c.Update(ctx, "ann", func(p *person) error { p.ID = "bob"; return nil })
		require.ErrorIs(t, err, core.ErrInvalid)
		_, err = c.Patch(ctx, "ann", `{"id":"bob"}`)
		require.ErrorIs(t, err, core.ErrInvalid)
		_, err = c.Update(ctx, "nobody", func(*person) error { return nil })
		require.ErrorIs(t, err, core.ErrNotFound)
		_, err = c.Patch(ctx, "nobody", `{"age":1}`)
		require.ErrorIs(t, err, core.ErrNotFound)
	})
}

func TestTombstones(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := people(t, s.open(t))
		first, err := c.Create(ctx, "ann", person{Name: "Ann"})
		require.NoError(t, err)
		require.NoError(t, c.Delete(ctx, "ann"))
		require.NoError(t, c.Delete(ctx, "ann"), "the second delete")
		require.NoError(t, c.Delete(ctx, "never was"))

		_, err = c.Get(ctx, "ann")
		require.ErrorIs(t, err, core.ErrNotFound)
		found, err := c.Exists(ctx, "ann")
		require.NoError(t, err)
		require.False(t, found)
		_, err = c.Update(ctx, "ann", func(*person) error { return nil })
		require.ErrorIs(t, err, core.ErrNotFound)
		_, err = c.Put(ctx, "ann", person{}, core.IfRevision(first.Revision))
		require.ErrorIs(t, err, core.ErrConflict, "a put on a revision that was deleted")
		require.ErrorIs(t, c.Delete(ctx, "ann", core.IfRevision(first.Revision)), core.ErrConflict)
		count, err := c.Count(ctx)
		require.NoError(t, err)
		require.Zero(t, count)

		again, err := c.Create(ctx, "ann", person{Name: "Ann again"})
		require.NoError(t, err)
		require.Positive(t, again.Revision.Compare(first.Revision))
		require.NoError(t, c.Delete(ctx, "ann"))
		put, err := c.Put(ctx, "ann", person{Name: "Ann by put"})
		require.NoError(t, err)
		require.Positive(t, put.Revision.Compare(again.Revision))
		agreeByIndex(t, s, c)
	})
}

func TestFreeKeysKeepTheIndexOfTheirCollection(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := people(t, db)
		ready(t, s, c)
		other := s.open(t) // knows nothing of the collection's type
		_, err := other.Create(ctx, "people/ann", map[string]any{"id": "ann", "name": "Ann", "age": 30, "tags": []string{"x"}})
		require.NoError(t, err)
		agreeByIndex(t, s, c)
		_, err = other.Put(ctx, "people/bob", person{ID: "bob", Name: "Bob", Age: 31})
		require.NoError(t, err)
		_, err = other.Patch(ctx, "people/ann", `{"name":"Anne","tags":["x","y"]}`)
		require.NoError(t, err)
		agreeByIndex(t, s, c)
		var p person
		_, err = db.Update(ctx, "people/bob", &p, func() error { p.Name = "Robert"; return nil })
		require.NoError(t, err)
		require.NoError(t, other.Delete(ctx, "people/ann"))
		agreeByIndex(t, s, c)
		require.Equal(t, []string{"bob"}, ids(t, c.Query().Where(core.Eq("name", "Robert"))))

		_, err = db.Create(ctx, "settings", map[string]any{"theme": "dark"})
		require.NoError(t, err)
		var settings map[string]any
		_, err = other.Get(ctx, "settings", &settings)
		require.NoError(t, err)
		require.Equal(t, map[string]any{"theme": "dark"}, settings)
		_, err = db.Put(ctx, "_sb/index/people", map[string]any{})
		require.ErrorIs(t, err, core.ErrInvalid, "a system key")
	})
}

func TestBatches(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := people(t, s.open(t))
		_, err := c.CreateAll(ctx, []core.Document[person]{
			{ID: "a", Value: person{Name: "A"}}, {ID: "b", Value: person{Name: "B"}}, {ID: "c", Value: person{Name: "C", Tags: []string{"x"}}},
		})
		require.NoError(t, err)
		results, err := c.CreateAll(ctx, []core.Document[person]{{ID: "a"}, {ID: "d", Value: person{Name: "D"}}})
		require.ErrorIs(t, err, core.ErrExists)
		require.ErrorIs(t, results[0].Err, core.ErrExists)
		require.NoError(t, results[1].Err, "the others are done")

		got, err := c.GetAll(ctx, []string{"d", "nobody", "a"})
		require.ErrorIs(t, err, core.ErrNotFound)
		require.Equal(t, "D", got[0].Value.Name)
		require.ErrorIs(t, got[1].Err, core.ErrNotFound)
		require.Equal(t, "A", got[2].Value.Name)

		got[0].Value.Name, got[2].Value.Name = "D2", "A2"
		_, err = c.PutAll(ctx, []core.Document[person]{got[0].Document, got[2].Document})
		require.NoError(t, err)
		_, err = c.PutAll(ctx, []core.Document[person]{got[0].Document})
		require.ErrorIs(t, err, core.ErrConflict, "an old revision")
		agreeByIndex(t, s, c)

		_, err = c.DeleteAll(ctx, []string{"a", "nobody", "b"})
		require.NoError(t, err)
		exist, err := c.ExistsAll(ctx, []string{"a", "b", "c", "d"})
		require.NoError(t, err)
		require.Equal(t, map[string]bool{"a": false, "b": false, "c": true, "d": true}, exist)
		agreeByIndex(t, s, c)
	})
}
