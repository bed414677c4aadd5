package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// The reference evaluator below decodes everything with json.Number and
// shares no code with the database.

var scalarPool = []string{`null`, `true`, `false`, `0`, `-0.0`, `1`, `1.0`, `1e0`, `2`, `-1`, `9007199254740992`, `9007199254740993`, `1e300`, `0.1`, `""`, `"a"`, `"b"`, `"ab"`, `"a\u0000"`, `"é"`, `"A"`, `"10"`}

func pick(rng *rand.Rand, from []string) string { return from[rng.IntN(len(from))] }

func randomValue(rng *rand.Rand, depth int) string {
	switch n := rng.IntN(10); {
	case n < 6 || depth == 0:
		return pick(rng, scalarPool)
	case n < 8:
		elements := make([]string, rng.IntN(4))
		for i := range elements {
			elements[i] = randomValue(rng, depth-1)
		}
		return "[" + strings.Join(elements, ",") + "]"
	default:
		return randomObject(rng, depth-1)
	}
}

func randomObject(rng *rand.Rand, depth int) string {
	var members []string
	for _, name := range []string{"x", "y", "z"} {
		if rng.IntN(4) > 0 {
			members = append(members, fmt.Sprintf("%q:%s", name, randomValue(rng, depth)))
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func decodeExact(text string) (value any) {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return value
}

func rank(v any) int {
	switch v := v.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 2
		}
		return 1
	case json.Number:
		return 3
	case string:
		return 4
	case []any:
		return 5
	default:
		return 6
	}
}

func compareValues(a, b any) int {
	if ra, rb := rank(a), rank(b); ra != rb || ra < 3 || ra > 4 {
		return ra - rb
	}
	if text, ok := a.(string); ok {
		return strings.Compare(text, b.(string))
	}
	x, _ := new(big.Rat).SetString(string(a.(json.Number)))
	y, _ := new(big.Rat).SetString(string(b.(json.Number)))
	return x.Cmp(y)
}

// valuesAt lists the values that a path leads to, arrays standing for their
// elements once at each step.
func valuesAt(value any, path []string) (found []any, fanned bool) {
	if array, ok := value.([]any); ok {
		for _, element := range array {
			if len(path) == 0 {
				found = append(found, element)
			} else if object, ok := element.(map[string]any); ok {
				inner, _ := valuesAt(object, path)
				found = append(found, inner...)
			}
		}
		return found, true
	}
	if len(path) == 0 {
		return []any{value}, false
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, false
	}
	next, ok := object[path[0]]
	if !ok {
		return nil, false
	}
	return valuesAt(next, path[1:])
}

type condition struct {
	op    string
	field string
	texts []string
}

func (c condition) predicate() core.Predicate {
	raw := make([]json.RawMessage, len(c.texts))
	for i, text := range c.texts {
		raw[i] = json.RawMessage(text)
	}
	switch c.op {
	case "=":
		return core.Eq(c.field, raw[0])
	case "<":
		return core.Lt(c.field, raw[0])
	case "<=":
		return core.Lte(c.field, raw[0])
	case ">":
		return core.Gt(c.field, raw[0])
	case ">=":
		return core.Gte(c.field, raw[0])
	case "in":
		return core.In(c.field, raw...)
	default:
		return core.Prefix(c.field, decodeExact(c.texts[0]).(string))
	}
}

func (c condition) holds(value any) bool {
	for _, text := range c.texts {
		constant := decodeExact(text)
		if c.op == "prefix" {
			if s, ok := value.(string); ok && strings.HasPrefix(s, constant.(string)) {
				return true
			}
			continue
		}
		order := compareValues(value, constant)
		if c.op == "=" || c.op == "in" {
			if rank(value) < 5 && order == 0 {
				return true
			}
			continue
		}
		same := rank(value) == rank(constant) || max(rank(value), rank(constant)) == 2 && min(rank(value), rank(constant)) == 1
		if same && (strings.HasPrefix(c.op, "<") && order < 0 || strings.HasPrefix(c.op, ">") && order > 0 || len(c.op) == 2 && order == 0) {
			return true
		}
	}
	return false
}

func matches(document any, conditions []condition) bool {
	groups := make(map[string][]condition)
	for i, c := range conditions {
		key := fmt.Sprint(i)
		if c.op != "=" && c.op != "in" {
			key = c.field
		}
		groups[key] = append(groups[key], c)
	}
	for _, group := range groups {
		values, fanned := valuesAt(document, strings.Split(group[0].field, "."))
		if len(values) == 0 && !fanned {
			values = []any{nil}
		}
		if !slices.ContainsFunc(values, func(value any) bool {
			return !slices.ContainsFunc(group, func(c condition) bool { return !c.holds(value) })
		}) {
			return false
		}
	}
	return true
}

func randomConditions(rng *rand.Rand) []condition {
	conditions := make([]condition, 1+rng.IntN(3))
	for i := range conditions {
		c := condition{op: pick(rng, []string{"=", "=", "<", "<=", ">", ">=", "in", "prefix"}), field: pick(rng, []string{"x", "y", "x.y", "z.x", "y"})}
		n := 1
		if c.op == "in" {
			n = rng.IntN(4)
		}
		for range n {
			text := pick(rng, scalarPool)
			for c.op == "prefix" && text[0] != '"' {
				text = pick(rng, scalarPool)
			}
			c.texts = append(c.texts, text)
		}
		conditions[i] = c
	}
	return conditions
}

func randomIndexes(rng *rand.Rand) []core.Definition {
	pool := []core.Definition{
		core.Index("x"), core.Index("-x").Named("x_desc"), core.Index("y").Optional(), core.Index("x", "y"), core.Index("y", "-x").Named("y_x"),
		core.Index("x.y"), core.Index("-z.x", "y").Named("zx_y"), core.Index("x.y", "x"),
	}
	rng.Shuffle(len(pool), func(i, j int) { pool[i], pool[j] = pool[j], pool[i] })
	return pool[:1+rng.IntN(4)]
}

// TestQueriesEqualTheReference runs random queries over random documents and
// random sets of indexes, and compares ids and order with the reference.
func TestQueriesEqualTheReference(t *testing.T) {
	t.Parallel()
	for round := range uint64(24) {
		t.Run(fmt.Sprintf("seed %d", round), func(t *testing.T) {
			t.Parallel()
			compareWithReference(t, rand.New(rand.NewPCG(round, 1)), 250)
		})
	}
}

func compareWithReference(t *testing.T, rng *rand.Rand, queries int) {
	ctx := t.Context()
	db, err := core.Open(ctx, memory.NewStore(memory.StoreOptions{}), core.Options{
		Components: core.Components{Index: memory.NewIndex(memory.IndexOptions{})},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	docs, err := core.NewCollection[json.RawMessage](ctx, db, "docs", randomIndexes(rng)...)
	if err != nil {
		t.Fatal(err)
	}
	stored := make(map[string]any)
	write := func() {
		id, text := fmt.Sprint("d", rng.IntN(60)), randomObject(rng, 2)
		if rng.IntN(5) == 0 {
			if err := docs.Delete(ctx, id); err != nil {
				t.Fatal(err)
			}
			delete(stored, id)
			return
		}
		if _, err := docs.Put(ctx, id, json.RawMessage(text)); err != nil {
			t.Fatal(err)
		}
		stored[id] = decodeExact(text)
	}
	for range 80 {
		write()
	}
	if err := docs.WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	indexed := 0
	for range queries {
		write()
		if runBoth(ctx, t, rng, docs, stored) {
			indexed++
		}
	}
	if indexed < queries/10 {
		t.Errorf("only %d of %d queries used an index", indexed, queries)
	}
}

func runBoth(ctx context.Context, t *testing.T, rng *rand.Rand, docs *core.Collection[json.RawMessage], stored map[string]any) (indexed bool) {
	conditions := randomConditions(rng)
	orderField, direction, limit := pick(rng, []string{"x", "y", "x.y", "nowhere"}), core.Direction(rng.IntN(2) == 0), rng.IntN(12)
	var profile core.Profile
	q := docs.Query().OrderBy(orderField, direction).Limit(limit).Profile(&profile)
	var want []string
	for _, c := range conditions {
		q = q.Where(c.predicate())
	}
	for id, document := range stored {
		if matches(document, conditions) {
			want = append(want, id)
		}
	}
	sortKey := func(id string) any {
		value := stored[id]
		for name := range strings.SplitSeq(orderField, ".") {
			object, _ := value.(map[string]any)
			value = object[name]
		}
		return value
	}
	slices.SortFunc(want, func(a, b string) int {
		order := compareValues(sortKey(a), sortKey(b))
		if direction == core.Desc {
			order = -order
		}
		if order == 0 {
			return strings.Compare(a, b)
		}
		return order
	})
	if limit > 0 && len(want) > limit {
		want = want[:limit]
	}
	got, err := q.IDs(ctx)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("%v order by %s %v limit %d: %v, want %v, error %v; %v", conditions, orderField, direction, limit, got, want, err, profile)
	}
	all, err := q.All(ctx)
	if err != nil || len(all) != len(got) {
		t.Fatalf("All answers %d documents, IDs %d: %v", len(all), len(got), err)
	}
	for _, doc := range all {
		text, _ := json.Marshal(stored[doc.ID])
		again, _ := json.Marshal(decodeExact(string(doc.Value)))
		if !bytes.Equal(text, again) {
			t.Fatalf("document %s is %s, want %s", doc.ID, doc.Value, text)
		}
	}
	return profile.Index != ""
}
