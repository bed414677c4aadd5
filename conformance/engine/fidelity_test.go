package engine_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

// precious is a document with everything that careless code loses: members
// that no type knows, an order of its own, numbers that float64 can't hold,
// spellings that encoding/json would change.
const precious = `{"zz":{"b":1,"a":[1.50,{"deep":9007199254740993}]},"name":"Ann","big":12345678901234567890123,` +
	`"id":"ann","exp":1E5,"zero":-0.0,"text":"\u00e9<&>","age":30,"empty":{},"none":null}`

// known is a type that knows only some of its members.
type known struct {
	ID   string `json:"id" sb:"id"`
	Name string `json:"name" sb:"index"`
	Age  int64  `json:"age" sb:"index"`
}

// stored is the document as others see it, without its revision.
func stored(t *testing.T, s *site, key string) string {
	t.Helper()
	body := s.body(t, key)
	require.True(t, strings.HasPrefix(body, `{"_rev":"`), body)
	return "{" + body[len(`{"_rev":"0f3k8q1vd2m7x",`):]
}

// edited is precious with another age.
func edited(age string) string { return strings.Replace(precious, `"age":30`, `"age":`+age, 1) }

func TestWhatATypeDoesNotKnowStaysLetterByLetter(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := collection[known](t, db, "people")
		maps := collection[map[string]any](t, db, "people")
		raws := collection[json.RawMessage](t, db, "people")
		anys := collection[any](t, db, "people")
		ready(t, s, c)
		const key = "people/ann.json"
		_, err := raws.Create(ctx, "ann", json.RawMessage(precious))
		require.NoError(t, err)
		require.Equal(t, precious, stored(t, s, key))
		raw, err := raws.Get(ctx, "ann")
		require.NoError(t, err)
		require.Equal(t, precious, string(raw.Value))

		typed, err := c.Get(ctx, "ann")
		require.NoError(t, err)
		typed.Value.Age = 31
		_, err = c.Put(ctx, "ann", typed.Value)
		require.NoError(t, err)
		require.Equal(t, edited("31"), stored(t, s, key), "put")

		_, err = c.Update(ctx, "ann", func(k *known) error { k.Age++; return nil })
		require.NoError(t, err)
		require.Equal(t, edited("32"), stored(t, s, key), "update")

		_, err = c.Patch(ctx, "ann", `{"age":33}`)
		require.NoError(t, err)
		require.Equal(t, edited("33"), stored(t, s, key), "patch")

		_, err = c.PutAll(ctx, []core.Document[known]{{ID: "ann", Value: known{ID: "ann", Name: "Ann", Age: 34}}})
		require.NoError(t, err)
		require.Equal(t, edited("34"), stored(t, s, key), "batch")

		_, err = maps.Update(ctx, "ann", func(m *map[string]any) error { (*m)["age"] = 35; return nil })
		require.NoError(t, err)
		require.Equal(t, edited("35"), stored(t, s, key), "update of a map")

		whole, err := maps.Get(ctx, "ann")
		require.NoError(t, err)
		whole.Value["age"] = 36
		_, err = maps.Put(ctx, "ann", whole.Value)
		require.NoError(t, err)
		require.Equal(t, edited("36"), stored(t, s, key), "put of a map")

		_, err = anys.Update(ctx, "ann", func(v *any) error { (*v).(map[string]any)["age"] = 37; return nil })
		require.NoError(t, err)
		require.Equal(t, edited("37"), stored(t, s, key), "update of any")

		var k known
		_, err = db.Update(ctx, "people/ann", &k, func() error { k.Age = 38; return nil })
		require.NoError(t, err)
		_, err = db.Put(ctx, "people/ann", known{ID: "ann", Name: "Ann", Age: 39})
		require.NoError(t, err)
		require.Equal(t, edited("39"), stored(t, s, key), "free key")

		_, err = raws.Update(ctx, "ann", func(m *json.RawMessage) error { *m = json.RawMessage(edited("40")); return nil })
		require.NoError(t, err)
		require.Equal(t, edited("40"), stored(t, s, key), "update of raw JSON")

		for _, q := range []core.Query[json.RawMessage]{raws.Query(), raws.Query().Where(core.Eq("name", "Ann")), raws.Query().Where(core.Eq("age", 40))} {
			docs, err := q.All(ctx)
			require.NoError(t, err)
			require.Len(t, docs, 1)
			require.Equal(t, edited("40"), string(docs[0].Value))
		}
	})
}

func TestIntegersBeyondFloatsAreToldApart(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := collection[json.RawMessage](t, db, "numbers", core.Index("n"))
		for id, n := range map[string]string{"a": "9007199254740992", "b": "9007199254740993", "c": "9007199254740993.0", "d": "9007199254740994", "e": "-9007199254740993"} {
			_, err := c.Create(ctx, id, json.RawMessage(`{"n":`+n+`}`))
			require.NoError(t, err)
		}
		for range 2 {
			found, err := c.Query().Where(core.Eq("n", int64(9007199254740993))).OrderBy("n", core.Asc).IDs(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"b", "c"}, found)
			found, err = c.Query().Where(core.Gt("n", int64(9007199254740992)), core.Lt("n", json.Number("9007199254740993.5"))).OrderBy("n", core.Asc).IDs(ctx)
			require.NoError(t, err)
			require.Equal(t, []string{"b", "c"}, found)
			ready(t, s, c)
		}
	})
}
