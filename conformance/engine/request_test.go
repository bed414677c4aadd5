package engine_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// meter is a site whose requests are counted.
type meter struct {
	*site
	plan *faults.Plan
}

func newMeter(options memory.StoreOptions) *meter {
	plan := faults.New(faults.Options{})
	return &meter{&site{
		store: faults.Store(memory.NewStore(options), plan),
		index: faults.Index(memory.NewIndex(memory.IndexOptions{}), plan),
	}, plan}
}

// place is the random part of the name of a space.
var place = regexp.MustCompile(`#[0-9a-z]+`)

// requests are those that fn makes, one line each, without outcomes that say
// nothing, and with what it leaves to the background.
func (m *meter) requests(fn func()) string {
	m.plan.Reset()
	fn()
	synctest.Wait()
	lines := strings.Split(strings.TrimSpace(m.plan.Trace()), "\n")
	for i, line := range lines {
		if lines[i] = place.ReplaceAllString(strings.TrimSuffix(line, " -> ok"), ""); strings.HasPrefix(line, "query ") {
			lines[i] = "query people" // whatever the range
		}
	}
	sortReads(lines)
	return strings.Join(lines, "; ")
}

// sortReads sorts reads that follow each other: they run at the same time.
func sortReads(lines []string) {
	for from := 0; from < len(lines); from++ {
		to := from
		for to < len(lines) && strings.HasPrefix(lines[to], "get ") {
			to++
		}
		slices.Sort(lines[from:to])
		from = max(from, to-1)
	}
}

// plain has no index.
type plain struct {
	N int `json:"n"`
}

func TestRequestsWithoutIndex(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		m := newMeter(memory.StoreOptions{})
		c := collection[plain](t, m.open(t), "plain")
		var doc core.Document[plain]
		var err error
		for _, step := range []struct {
			name string
			want string
			do   func()
		}{
			{"create", "put plain/a.json if absent", func() { doc, err = c.Create(ctx, "a", plain{1}) }},
			{"get", "get plain/a.json", func() { doc, err = c.Get(ctx, "a") }},
			{"exists", "get plain/a.json", func() { _, err = c.Exists(ctx, "a") }},
			{"put", "get plain/a.json; put plain/a.json if version", func() { doc, err = c.Put(ctx, "a", plain{2}) }},
			{"put on a known revision", "put plain/a.json if version", func() { doc, err = c.Put(ctx, "a", plain{3}, core.IfRevision(doc.Revision)) }},
			{"update", "get plain/a.json; put plain/a.json if version", func() { doc, err = c.Update(ctx, "a", func(p *plain) error { p.N++; return nil }) }},
			{"update on a known revision", "put plain/a.json if version", func() {
				doc, err = c.Update(ctx, "a", func(p *plain) error { p.N++; return nil }, core.IfRevision(doc.Revision))
			}},
			{"update that changes nothing", "get plain/a.json", func() { doc, err = c.Update(ctx, "a", func(*plain) error { return nil }) }},
			{"patch", "get plain/a.json; put plain/a.json if version", func() { doc, err = c.Patch(ctx, "a", `{"n":9}`) }},
			{"patch on a known revision", "put plain/a.json if version", func() { doc, err = c.Patch(ctx, "a", `{"n":10}`, core.IfRevision(doc.Revision)) }},
			{"delete on a known revision", "put plain/a.json if version", func() { err = c.Delete(ctx, "a", core.IfRevision(doc.Revision)) }},
			{"delete of what is gone", "get plain/a.json", func() { err = c.Delete(ctx, "a") }},
			{"create over a tombstone", "put plain/a.json if absent -> precondition failed; get plain/a.json; put plain/a.json if version", func() { doc, err = c.Create(ctx, "a", plain{1}) }},
			{"delete", "get plain/a.json; put plain/a.json if version", func() { err = c.Delete(ctx, "a") }},
			{"put of what is not there", "get plain/b.json -> not found; put plain/b.json if absent", func() { _, err = c.Put(ctx, "b", plain{1}) }},
			{"all", "list plain/ keys only -> ok, 2 objects; get plain/a.json; get plain/b.json", func() { _, err = c.All(ctx) }},
		} {
			require.Equal(t, step.want, m.requests(step.do), step.name)
			require.NoError(t, err, step.name)
		}
		later(t, 2*time.Minute) // what is known of a revision is too old now
		doc, err = c.Get(ctx, "b")
		require.NoError(t, err)
		require.Equal(t, "get _sb/index/plain.json -> not found; put plain/b.json if version",
			m.requests(func() { _, err = c.Put(ctx, "b", plain{2}, core.IfRevision(doc.Revision)) }))
		require.NoError(t, err)
	})
}

func TestRequestsWithIndexes(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{"local": {}, "network": likeS3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				m := newMeter(options)
				c := people(t, m.open(t)) // four indexes
				ready(t, m.site, c)
				_, err := c.Count(ctx)
				require.NoError(t, err)
				var doc core.Document[person]
				for _, step := range []struct {
					name string
					want string
					do   func()
				}{
					{"create", "begin people 4; put people/a.json if absent", func() { doc, err = c.Create(ctx, "a", person{Name: "A", Tags: []string{"x"}}) }},
					{"get", "get people/a.json", func() { doc, err = c.Get(ctx, "a") }},
					{"update", "get people/a.json; begin people 4; put people/a.json if version; end people 4", func() {
						doc, err = c.Update(ctx, "a", func(p *person) error { p.Age++; return nil })
					}},
					{"put on a known revision", "begin people 3; put people/a.json if version; end people 4", func() {
						doc, err = c.Put(ctx, "a", person{Name: "B"}, core.IfRevision(doc.Revision))
					}},
					{"query", "query people; get _sb/index/people.json; get people/a.json", func() { _, err = c.Query().Where(core.Eq("name", "B")).All(ctx) }},
					{"query without answer", "query people; get _sb/index/people.json", func() { _, err = c.Query().Where(core.Eq("name", "A")).All(ctx) }},
					{"delete", "get people/a.json; put people/a.json if version; end people 3", func() { err = c.Delete(ctx, "a") }},
				} {
					require.Equal(t, step.want, m.requests(step.do), step.name)
					require.NoError(t, err, step.name)
				}
			})
		})
	}
}

// Many writes at once share one reading of the manifest in a lease, and their
// removals go in batches.
func TestTheManifestIsReadOnceALease(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		m := newMeter(memory.StoreOptions{})
		c := people(t, m.open(t))
		ready(t, m.site, c)
		const lease = time.Second // of a local store
		later(t, 2*lease)
		m.plan.Reset()
		for round := range 10 {
			for i := range 20 {
				_, err := c.Put(ctx, fmt.Sprint(i), person{Name: fmt.Sprint(round)})
				require.NoError(t, err)
			}
			later(t, lease/4)
		}
		manifests := strings.Count(m.plan.Trace(), "get _sb/index/people.json")
		require.LessOrEqual(t, manifests, 3, "ten quarters of a lease")
		require.Equal(t, 200, m.plan.Calls(faults.Begin))
		require.Equal(t, 200, m.plan.Calls(faults.Put))

		later(t, 2*lease)
		m.plan.Reset()
		docs := make([]core.Document[person], 500)
		for i := range docs {
			docs[i] = core.Document[person]{ID: fmt.Sprint("batch", i), Value: person{Name: "A"}}
		}
		_, err := c.CreateAll(ctx, docs)
		require.NoError(t, err)
		require.Equal(t, 1, strings.Count(m.plan.Trace(), "get _sb/index/people.json"), "the workers share it")
		require.Equal(t, 500, m.plan.Calls(faults.Begin))
	})
}

// An index that kept its entries is used as it is.
func TestOpeningReadsNoDocument(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		c := people(t, s.open(t))
		for i := range 20 {
			_, err := c.Create(t.Context(), fmt.Sprint(i), person{Name: fmt.Sprint(i % 3)})
			require.NoError(t, err)
		}
		ready(t, s, c)
		plan := faults.New(faults.Options{})
		again := &site{store: faults.Store(s.store, plan), index: s.index}
		second := people(t, again.open(t))
		ready(t, again, second)
		later(t, 2*time.Minute)
		require.NotContains(t, plan.Trace(), "people/", "a document was read, or all were listed")
		if s.index != nil {
			require.Len(t, ids(t, second.Query().Where(core.Eq("name", "1"))), 7)
			require.NotContains(t, plan.Trace(), "list people/")
		}
	})
}

// Reading by id is what programs do most: it must not start to allocate.
func TestGetAllocatesLittle(t *testing.T) {
	ctx := t.Context()
	s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
	c := collection[known](t, s.open(t), "people")
	_, err := c.Create(ctx, "ann", known{Name: "Ann", Age: 30})
	require.NoError(t, err)
	got := testing.AllocsPerRun(200, func() {
		if _, err := c.Get(ctx, "ann"); err != nil {
			t.Error(err)
		}
	})
	require.LessOrEqual(t, got, 14.0, "eleven were enough when this was written")
}
