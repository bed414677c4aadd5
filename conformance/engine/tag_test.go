package engine_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

type inner struct {
	Key string `json:"key" sb:"id"`
}

// refusal opens a collection of one type and names what must be in the error.
type refusal struct {
	name  string
	open  func(db *core.DB) error
	wants []string
}

func refuses[T any](name string, wants ...string) refusal {
	return refusal{name, func(db *core.DB) error {
		_, err := core.NewCollection[T](background, db, "things")
		return err
	}, wants}
}

func TestTagsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	type T struct{}
	cases := []refusal{
		refuses[struct {
			A string `json:"a" sb:"idx"`
		}]("an unknown word", "A", "idx", "id, index, unique, ref, created or updated"),
		refuses[struct {
			A string `json:"a" sb:""`
		}]("an empty tag", "A"),
		refuses[struct {
			A int `json:"a" sb:"id"`
		}]("an id that is no string", "A", "int"),
		refuses[struct {
			A string `json:"a" sb:"id"`
			B string `json:"b" sb:"id"`
		}]("two ids", "B", "another field"),
		refuses[struct {
			A string `json:"a" sb:"created"`
		}]("a time that is none", "A", "time.Time"),
		refuses[struct {
			A *time.Time `json:"a" sb:"updated"`
		}]("a pointer to a time", "A", "time.Time"),
		refuses[struct {
			A string `json:"-" sb:"index"`
		}]("not in the JSON", "A", "JSON"),
		refuses[struct {
			a string `sb:"index"`
		}]("an unexported field", "a", "JSON"),
		refuses[struct {
			A map[string]int `json:"a" sb:"index"`
		}]("an index on a map", "A", "map"),
		refuses[struct {
			A T `json:"a" sb:"index"`
		}]("an index on a struct", "A", "T"),
		refuses[struct {
			A string `json:"a" sb:"index,unique"`
		}]("an unknown option", "A", "unique"),
		refuses[struct {
			A string `json:"a" sb:"index,name:"`
		}]("an empty name", "A", "name:"),
		refuses[struct {
			A string `json:"a" sb:"id,optional"`
		}]("an option of a tag without", "A", "id"),
		refuses[struct {
			A string `json:"_rev"`
		}]("a reserved member", "A", "_rev", "reserved"),
		refuses[struct {
			A inner `json:"a"`
		}]("a nested id", "Key", "nested"),
		refuses[struct {
			A string `json:"a" sb:"unique,desc"`
		}]("a unique option that is unknown", "A", "unique", "desc"),
		refuses[[]string]("a slice", "[]string"),
		refuses[string]("a string", "string"),
		refuses[map[int]string]("a map with other keys", "map[int]string"),
		refuses[*person]("a pointer", "*engine_test.person"),
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
			err := c.open(s.open(t))
			require.ErrorIs(t, err, core.ErrInvalid)
			for _, want := range c.wants {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestDefinitionsThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for name, d := range map[string][]core.Definition{
		"no field":                {core.Index()},
		"an empty member":         {core.Index("a..b")},
		"nine fields":             {core.Index("a", "b", "c", "d", "e", "f", "g", "h", "i")},
		"two with one name":       {core.Index("a").Named("x"), core.Index("b").Named("x")},
		"a name of a tag's index": {core.Index("age", "name").Named("by_name")},
		"no name":                 {core.Index("a").Named("")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
			_, err := core.NewCollection[person](t.Context(), s.open(t), "people", d...)
			require.ErrorIs(t, err, core.ErrInvalid)
		})
	}
}

// stamped has times that the database keeps.
type stamped struct {
	ID      string    `json:"id" sb:"id"`
	N       int       `json:"n"`
	Created time.Time `json:"created" sb:"created"`
	Updated time.Time `json:"updated" sb:"updated"`
}

func TestTimesOfCreationAndChangeAreKept(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := collection[stamped](t, s.open(t), "stamped")
		began := time.Now().UTC()
		first, err := c.Create(ctx, "", stamped{N: 1})
		require.NoError(t, err)
		require.NotEmpty(t, first.ID)
		require.Equal(t, first.ID, first.Value.ID)
		require.False(t, first.Value.Created.Before(began.Truncate(time.Microsecond)))
		later(t, time.Hour)
		second, err := c.Update(ctx, first.ID, func(v *stamped) error { v.N = 2; return nil })
		require.NoError(t, err)
		require.Equal(t, first.Value.Created, second.Value.Created)
		require.False(t, second.Value.Updated.Before(began.Add(time.Hour).Truncate(time.Microsecond)))
		third, err := c.Put(ctx, first.ID, stamped{N: 3})
		require.NoError(t, err)
		require.Equal(t, first.Value.Created, third.Value.Created, "a put of a value without one keeps it")
	})
}

// later lets time pass inside a synctest bubble.
func later(t *testing.T, d time.Duration) {
	t.Helper()
	<-time.NewTimer(d).C
	synctest.Wait()
}
