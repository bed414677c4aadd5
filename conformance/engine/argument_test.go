package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// Stores without nested keys, and servers that hide what is below an object,
// rest on this.
func TestNoKeyIsTheFolderOfAnother(t *testing.T) {
	t.Parallel()
	s := &site{store: memory.NewStore(memory.StoreOptions{NoNestedKeys: true}), index: memory.NewIndex(memory.IndexOptions{})}
	db := s.open(t)
	for _, name := range []string{"a", "a.json/b", "a/b", "a.json", "a/b.json/c"} {
		c, err := core.NewCollection[plain](t.Context(), db, name, core.Index("n"))
		if err != nil {
			require.ErrorIs(t, err, core.ErrInvalid, name)
			continue
		}
		for _, id := range []string{"b", "b.json", "a"} {
			_, err = c.Create(t.Context(), id, plain{})
			require.NoError(t, err, "%s %s", name, id)
		}
	}
}

func TestNilIsRefused(t *testing.T) {
	t.Parallel()
	db := (&site{store: memory.NewStore(memory.StoreOptions{})}).open(t)
	for _, value := range []any{nil, (*json.RawMessage)(nil), json.RawMessage(nil), []byte(nil), (*person)(nil), map[string]any(nil)} {
		_, err := db.Put(t.Context(), "things/a", value)
		require.ErrorIs(t, err, core.ErrInvalid, "%T", value)
		_, err = db.Patch(t.Context(), "things/a", value)
		require.ErrorIs(t, err, core.ErrInvalid, "%T", value)
	}
	_, err := db.Get(t.Context(), "things/a", nil)
	require.Error(t, err)
}

// The same index under several names, from tags and arguments, is one.
func TestOneIndexIsKeptOnce(t *testing.T) {
	t.Parallel()
	s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
	collection[known](t, s.open(t), "people", core.Index("name"), core.Index("name").Named("by_name"), core.Index("name").Named("other"))
	require.Equal(t, 1, strings.Count(s.body(t, "_sb/index/people.json"), `"path":"name"`))
}

// hidden can't be set through a nil pointer from outside of its package.
type hidden struct {
	ID string `json:"id" sb:"id"`
}

type withHidden struct {
	*hidden
	N int `json:"n"`
}

func TestAnEmbeddedPointerThatCannotBeSetIsRefused(t *testing.T) {
	t.Parallel()
	db := (&site{store: memory.NewStore(memory.StoreOptions{})}).open(t)
	c, err := core.NewCollection[withHidden](t.Context(), db, "things")
	if err == nil {
		_, err = c.Create(t.Context(), "a", withHidden{})
	}
	require.ErrorIs(t, err, core.ErrInvalid)
}
