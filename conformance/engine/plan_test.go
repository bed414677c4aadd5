package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// scalars are values that are easily taken for each other.
var scalars = []string{
	`null`, `false`, `true`, `0`, `-0`, `1`, `1.0`, `1e0`, `10`, `2`, `-1`, `-10`, `0.5`, `9007199254740992`, `9007199254740993`,
	`""`, `"a"`, `"a\u0000"`, `"a\u0000b"`, `"ab"`, `"b"`, `"1"`, `"null"`, `"é"`, `"\u00e9"`, `"2024-01-01T00:00:00Z"`,
}

// paths are the fields that documents have and indexes and queries name.
var paths = []string{"p", "q", "r", "o.x", "o.y", "list.z"}

func pick[T any](rng *rand.Rand, from []T) T { return from[rng.IntN(len(from))] }

// anyValue is a scalar, mostly, or an array, or an object.
func anyValue(rng *rand.Rand) string {
	switch rng.IntN(8) {
	case 0:
		parts := make([]string, rng.IntN(4))
		for i := range parts {
			parts[i] = pick(rng, scalars)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case 1:
		return `{"x":` + pick(rng, scalars) + `}`
	default:
		return pick(rng, scalars)
	}
}

// anyDocument leaves members out now and then.
func anyDocument(rng *rand.Rand) json.RawMessage {
	var members []string
	add := func(name, value string) {
		if rng.IntN(5) > 0 {
			members = append(members, `"`+name+`":`+value)
		}
	}
	for _, name := range []string{"p", "q", "r"} {
		add(name, anyValue(rng))
	}
	add("o", `{"x":`+anyValue(rng)+`,"y":`+anyValue(rng)+`}`)
	elements := make([]string, rng.IntN(3))
	for i := range elements {
		elements[i] = pick(rng, []string{`{"z":` + anyValue(rng) + `}`, `{}`, pick(rng, scalars)})
	}
	add("list", "["+strings.Join(elements, ",")+"]")
	return json.RawMessage("{" + strings.Join(members, ",") + "}")
}

func anyIndex(rng *rand.Rand) core.IndexDefinition {
	fields := make([]string, 1+rng.IntN(3))
	for i := range fields {
		fields[i] = pick(rng, []string{"", "-"}) + pick(rng, paths)
	}
	d := core.Index(fields...).Named(fmt.Sprint(strings.Join(fields, ","), rng.Uint32()))
	if rng.IntN(3) == 0 {
		d = d.Optional()
	}
	return d
}

func anyPredicate(rng *rand.Rand) core.Predicate {
	value := func() json.RawMessage { return json.RawMessage(pick(rng, scalars)) }
	path := pick(rng, paths)
	switch rng.IntN(8) {
	case 0:
		return core.Lt(path, value())
	case 1:
		return core.Lte(path, value())
	case 2:
		return core.Gt(path, value())
	case 3:
		return core.Gte(path, value())
	case 4:
		return core.In(path, value(), value(), value())
	case 5:
		return core.Prefix(path, pick(rng, []string{"", "a", "a\x00", "é"}))
	default:
		return core.Eq(path, value())
	}
}

// TestEveryPlanAnswersWhatAScanAnswers runs random queries over random
// documents by random indexes.
func TestEveryPlanAnswersWhatAScanAnswers(t *testing.T) {
	t.Parallel()
	first := uint64(scale("SB_SEED", 1))
	for seed := first; seed < first+uint64(scale("SB_SEEDS", 30)); seed++ {
		synctest.Test(t, func(t *testing.T) { comparePlans(t, seed) })
		if t.Failed() {
			return
		}
	}
}

func comparePlans(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
	definitions := make([]core.Definition, 4)
	for i := range definitions {
		definitions[i] = anyIndex(rng)
	}
	c := collection[json.RawMessage](t, s.open(t), "things", definitions...)
	for i := range 40 {
		_, err := c.Create(t.Context(), fmt.Sprint(i), anyDocument(rng))
		require.NoError(t, err)
	}
	ready(t, s, c)
	for range 20 { // some are written under the index, some were there before
		_, err := c.Put(t.Context(), fmt.Sprint(rng.IntN(50)), anyDocument(rng))
		require.NoError(t, err)
	}
	scanned := collection[json.RawMessage](t, s.open(t, withoutIndex), "things")
	for range 60 {
		where := []core.Predicate{anyPredicate(rng), anyPredicate(rng), anyPredicate(rng)}[:1+rng.IntN(3)]
		want, err := scanned.Query().Where(where...).IDs(t.Context())
		require.NoError(t, err)
		var profile core.Profile
		got, err := c.Query().Where(where...).Profile(&profile).IDs(t.Context())
		require.NoError(t, err)
		slices.Sort(want)
		slices.Sort(got)
		require.Equal(t, want, got, "seed %d: %v: %s", seed, where, profile)
	}
}
