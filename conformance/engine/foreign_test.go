package engine_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// foreign are documents as other programs put them there.
var foreign = map[string]string{
	"plain":     `{"id":"plain","name":"Plain","age":1}`,
	"pretty":    "{\n  \"name\": \"Pretty\",\n  \"age\": 2,\n  \"extra\": [ 1, 2 ]\n}\n",
	"elsewhere": `{"name":"Elsewhere","_rev":"0f3k8q1vd2m7x","age":3}`,
	"spaced":    `{"_rev": "0f3k8q1vd2m7x", "_v": 2, "name": "Spaced", "age": 4}`,
	"newline":   `{"_rev":"0f3k8q1vd2m7x","name":"Newline","age":5}` + "\n",
	"empty":     `{}`,
	"bare":      `{"_rev":"0f3k8q1vd2m7x"}` + "\n",
}

func TestDocumentsPutThereByOtherMeans(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		for id, body := range foreign {
			s.put(t, "people/"+id+".json", body)
		}
		db := s.open(t)
		c := people(t, db)
		for range 2 { // by scan, and by the index
			for age, id := range []string{1: "plain", 2: "pretty", 3: "elsewhere", 4: "spaced", 5: "newline"} {
				if id != "" {
					require.Equal(t, []string{id}, ids(t, c.Query().Where(core.Eq("age", age))))
				}
			}
			require.Equal(t, []string{"bare", "empty"}, ids(t, c.Query().Where(core.Eq("name", nil))), "a missing member is null")
			ready(t, s, c)
		}
		for id, body := range foreign {
			doc, err := c.Get(ctx, id)
			require.NoError(t, err, id)
			require.Equal(t, id, doc.Value.ID)
			require.Equal(t, strings.Contains(body, "_rev"), !doc.Revision.IsZero(), id)
			// The condition on what was read holds even where it has no revision.
			changed, err := c.Update(ctx, id, func(p *person) error { p.Age += 100; return nil }, core.IfRevision(doc.Revision))
			require.NoError(t, err, id)
			require.Positive(t, changed.Revision.Compare(doc.Revision), id)
			require.True(t, strings.HasPrefix(s.body(t, "people/"+id+".json"), `{"_rev":"`+changed.Revision.String()+`"`), id)
		}
		require.Contains(t, s.body(t, "people/pretty.json"), `"extra":[ 1, 2 ]`)
		agreeByIndex(t, s, c)
	})
}

// broken are objects that are no documents.
var broken = map[string]string{
	"cut":     `{"name":"Cut","ag`,
	"headcut": `{"_rev":"0f3k8q1vd2m7x","name":"Ann","ag`,
	"nothing": ``,
	"array":   `[1,2]`,
	"null":    `null`,
	"badrev":  `{"_rev":12,"name":"Ann"}`,
	"binary":  "\x00\xff\xfe",
}

// failedIDs are the ids of the documents that an error of many is about.
func failedIDs(t *testing.T, err error) []string {
	t.Helper()
	var failed *core.DocumentErrors
	require.ErrorAs(t, err, &failed)
	var list []string
	for _, one := range failed.Errors {
		require.ErrorIs(t, one, core.ErrCorrupt)
		list = append(list, one.ID)
	}
	slices.Sort(list)
	return list
}

func brokenIDs() (list []string) {
	for id := range broken {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

func TestWhatIsBrokenIsReportedAndTheRestIsServed(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		for id, body := range broken {
			s.put(t, "people/"+id+".json", body)
		}
		s.put(t, "people/notes.txt", "a stray file")
		s.put(t, "people/nested/x.json", `{"name":"another collection"}`)
		db := s.open(t)
		c := people(t, db)
		_, err := c.CreateAll(ctx, []core.Document[person]{{ID: "a", Value: person{Name: "Ann"}}, {ID: "b", Value: person{Name: "Bob"}}})
		require.NoError(t, err)
		for range 2 { // by scan, and by the index that was built while all this lay there
			for id := range broken {
				_, err := c.Get(ctx, id)
				require.ErrorIs(t, err, core.ErrCorrupt, id)
				require.ErrorContains(t, err, id)
			}
			docs, err := c.All(ctx)
			require.Equal(t, brokenIDs(), failedIDs(t, err))
			require.Len(t, docs, 2)
			count, err := c.Count(ctx)
			require.Equal(t, brokenIDs(), failedIDs(t, err))
			require.Equal(t, 2, count)
			good, bad := 0, 0
			for _, err := range c.Iter(ctx) {
				if err == nil {
					good++
				} else {
					require.ErrorIs(t, err, core.ErrCorrupt)
					bad++
				}
			}
			require.Equal(t, [2]int{2, len(broken)}, [2]int{good, bad})
			docs, err = c.Query().Where(core.Eq("name", "Bob")).All(ctx)
			require.Equal(t, brokenIDs(), failedIDs(t, err))
			require.Len(t, docs, 1)
			results, err := c.GetAll(ctx, []string{"a", "cut", "b"})
			require.ErrorIs(t, err, core.ErrCorrupt)
			require.Equal(t, []string{"Ann", "", "Bob"}, []string{results[0].Value.Name, results[1].Value.Name, results[2].Value.Name})
			ready(t, s, c)
		}
		repair(t, c)
		agreeByIndex(t, s, c)
	})
}

// repair checks what writes do about documents that can't be read.
func repair(t *testing.T, c *core.Collection[person]) {
	t.Helper()
	ctx := t.Context()
	for id := range broken {
		_, err := c.Update(ctx, id, func(p *person) error { p.Age = 1; return nil })
		require.ErrorIs(t, err, core.ErrCorrupt, id)
		_, err = c.Patch(ctx, id, `{"age":1}`)
		require.ErrorIs(t, err, core.ErrCorrupt, id)
		_, err = c.Create(ctx, id, person{})
		require.ErrorIs(t, err, core.ErrExists, id)
		if id == "cut" {
			require.NoError(t, c.Delete(ctx, id))
			continue
		}
		_, err = c.Put(ctx, id, person{Name: "repaired"})
		require.NoError(t, err, id)
	}
	repaired, err := c.Query().Where(core.Eq("name", "repaired")).Count(ctx)
	require.NoError(t, err)
	require.Equal(t, len(broken)-1, repaired)
}

func TestADocumentBrokenUnderItsIndexIsReported(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := people(t, s.open(t))
		for _, id := range []string{"a", "b"} {
			_, err := c.Create(ctx, id, person{Name: "Ann"})
			require.NoError(t, err)
		}
		ready(t, s, c)
		s.put(t, "people/a.json", s.body(t, "people/a.json")[:30])
		found, err := c.Query().Where(core.Eq("name", "Ann")).IDs(ctx)
		require.Equal(t, []string{"a"}, failedIDs(t, err))
		require.Equal(t, []string{"b"}, found)
		_, err = c.Put(ctx, "a", person{Name: "Bob"})
		require.NoError(t, err)
		agreeByIndex(t, s, c)
	})
}

func TestADocumentOfAnotherShapeIsReported(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		raw := collection[json.RawMessage](t, db, "people")
		_, err := raw.Create(ctx, "odd", json.RawMessage(`{"name":["not","a","string"],"age":1}`))
		require.NoError(t, err)
		c := people(t, db)
		_, err = c.Create(ctx, "ann", person{Name: "Ann", Age: 1})
		require.NoError(t, err)
		for range 2 {
			_, err = c.Get(ctx, "odd")
			require.ErrorIs(t, err, core.ErrInvalid)
			docs, err := c.Query().Where(core.Eq("age", 1)).All(ctx)
			require.Len(t, docs, 1)
			var failed *core.DocumentErrors
			require.True(t, errors.As(err, &failed))
			require.Equal(t, "odd", failed.Errors[0].ID)
			ready(t, s, c)
		}
	})
}

// Reserved members are the system's wherever they stand: taken for the user's,
// "_deleted" would come true once the members before it are gone.
func TestReservedMembersBehindOthersAreReserved(t *testing.T) {
	t.Parallel()
	s := &site{store: memory.NewStore(memory.StoreOptions{})}
	s.put(t, "people/a.json", `{"_rev":"0f3k8q1vd2m7x","name":"x","_deleted":true}`)
	s.put(t, "people/b.json", `{"_rev":"0f3k8q1vd2m7x","name":"x","_v":3}`)
	c := collection[map[string]any](t, s.open(t), "people")
	_, err := c.Get(t.Context(), "a")
	require.ErrorIs(t, err, core.ErrNotFound)
	doc, err := c.Get(t.Context(), "b")
	require.NoError(t, err)
	require.Equal(t, map[string]any{"name": "x"}, doc.Value)
	_, err = c.Patch(t.Context(), "b", `{"name":null}`)
	require.NoError(t, err)
}
