package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
)

// testimony is what killed writers have said: the states in which each
// document can be. The empty text stands for none.
type testimony map[string][]string

func (m testimony) hear(line string) {
	word, rest, _ := strings.Cut(line, " ")
	id, text, _ := strings.Cut(rest, " ")
	if strings.Contains(text, `"id":""`) {
		text = ""
	}
	switch word {
	case "try":
		m[id] = append(m[id], text)
	case "ack":
		m[id] = []string{text}
	}
}

// TestKilledWriters kills processes that write indexed documents. After each
// of them every acknowledged write is there, and every query answers what
// reading all documents answers.
func TestKilledWriters(t *testing.T) {
	t.Parallel()
	const sites = 4
	for n := range sites {
		t.Run(fmt.Sprint("site ", n), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			said := make(testimony)
			for id := range writeSteps {
				said[fmt.Sprint(id)] = []string{""}
			}
			for range (scale("SB_KILLS", 60) + sites - 1) / sites {
				writer := startChild(t, "writer", dir)
				ready := false
				writer.read(2+rand.IntN(150), func(line string) {
					ready = ready || line == "ready"
					require.NotContains(t, line, "error", line)
					said.hear(line)
				})
				writer.kill(said.hear)
				require.True(t, ready, "the process never got to work")
				if said.verify(t, dir); t.Failed() {
					return
				}
			}
		})
	}
}

// verify looks at the data as the next process does.
func (m testimony) verify(t *testing.T, dir string) {
	t.Helper()
	onFolder(t, dir, func(s *site, db *core.DB) {
		c := people(t, db)
		former := make([]person, writeSteps)
		for i := range former {
			former[i] = person{Name: fmt.Sprint("name ", i), Age: i}
		}
		agree(t, c, former...)
		agreeByIndex(t, s, c, former...)
		for id, states := range m {
			doc, err := c.Get(t.Context(), id)
			now := ""
			if !errors.Is(err, core.ErrNotFound) {
				require.NoError(t, err)
				text, err := json.Marshal(doc.Value)
				require.NoError(t, err)
				now = string(text)
			}
			require.Contains(t, states, now, "document %s", id)
			m[id] = []string{now}
		}
	})
}

// onFolder opens a database on files with an index, and closes all of it.
func onFolder(t *testing.T, dir string, fn func(s *site, db *core.DB)) {
	t.Helper()
	store, index, err := openFiles(t.Context(), dir, true)
	require.NoError(t, err)
	defer func() { require.NoError(t, errors.Join(index.Close(), store.Close())) }()
	db, err := core.Open(t.Context(), store, core.Options{Components: core.Components{Index: index}})
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	fn(&site{store: store, index: index}, db)
}

// Several processes increment one document on files, and are killed: each
// acknowledged increment counts once, each that was begun at most once.
func TestProcessesShareACounter(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	store, _, err := openFiles(t.Context(), dir, false)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	c := collection[counted](t, (&site{store: store}).open(t), "counts")
	_, err = c.Create(t.Context(), "n", counted{})
	require.NoError(t, err)
	tries, acks := 0, 0
	hear := func(line string) {
		require.NotContains(t, line, "error")
		switch line {
		case "try":
			tries++
		case "ack":
			acks++
		}
	}
	for range 3 {
		var children []*child
		for range 3 {
			children = append(children, startChild(t, "counter", dir))
		}
		for range 20 { // all of them are at work until the last is killed
			for _, one := range children {
				one.read(2+rand.IntN(20), hear)
			}
		}
		for _, one := range children {
			one.kill(hear)
		}
	}
	got := read(t, c)
	require.GreaterOrEqual(t, got, acks, "an acknowledged increment is lost")
	require.LessOrEqual(t, got, tries, "an increment counts twice")
	require.Greater(t, acks, 100)
}

// An index file belongs to one process at a time, and a process that does not
// have it can't write past it.
func TestASecondProcessCannotWritePastTheIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	onFolder(t, dir, func(s *site, db *core.DB) {
		ctx := t.Context()
		c := people(t, db)
		_, err := c.Create(ctx, "ann", person{Name: "Ann", Age: 1})
		require.NoError(t, err)
		agreeByIndex(t, s, c)

		said, ok := startChild(t, "open index", dir).output()
		require.False(t, ok)
		require.Contains(t, said, "unavailable: true")
		require.Contains(t, said, "another process")

		said, ok = startChild(t, "strict", dir).output()
		require.False(t, ok)
		require.Contains(t, said, "unavailable: true")
		require.Contains(t, said, "opened without the index")
		agreeByIndex(t, s, c)
		require.Equal(t, []string{"ann"}, ids(t, c.Query().Where(core.Eq("name", "Ann"))))

		said, ok = startChild(t, "available", dir).output()
		require.True(t, ok, said)
		former := person{Name: "Ann", Age: 1}
		agree(t, c, former)
		require.Equal(t, []string{"ann"}, ids(t, c.Query().Where(core.Eq("name", "Ann by another process"))))
		_, err = c.Update(ctx, "ann", func(p *person) error { p.Name = "Ann again"; return nil })
		require.NoError(t, err, "the first process goes on")
		_, err = c.Create(ctx, "bob", person{Name: "Bob"})
		require.NoError(t, err)
		agree(t, c, former)
		agreeByIndex(t, s, people(t, db), former)
	})
}
