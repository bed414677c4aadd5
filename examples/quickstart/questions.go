package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/core"
)

// strongest is the id of the event with the greatest magnitude.
const strongest = "us1000chhc"

// question is asked through a query and answered in lines of text.
type question struct {
	text   string
	answer func(ctx context.Context, cost *core.Profile) ([]string, error)
}

// answer asks everything.
func (q *quickstart) answer(ctx context.Context, feed Feed) error {
	lastHour := feed.Generated.Add(-time.Hour)
	for i, question := range []question{
		{"The ten strongest", q.list(q.events.Query().Where(core.Gte("magnitude", 5)).OrderBy("magnitude", core.Desc).Limit(10))},
		{"All above magnitude 4 from the network of Alaska", q.list(q.events.Query().Where(core.Eq("network", "ak"), core.Gt("magnitude", 4)))},
		{"How many of each type", q.countByType},
		{"The strongest that were no earthquakes", q.list(q.events.Query().Where(core.In("type", "explosion", "quarry blast")).OrderBy("magnitude", core.Desc).Limit(3))},
		{"The last hour before " + feed.Generated.Format("2006-01-02 15:04 MST"), q.list(q.events.Query().Where(core.Gt("time", lastHour), core.Lte("time", feed.Generated)).OrderBy("time", core.Asc))},
	} {
		var cost core.Profile
		lines, err := question.answer(ctx, &cost)
		if err != nil {
			return fmt.Errorf("%s: %w", strings.ToLower(question.text), err)
		}
		q.heading(i+1, question.text)
		for _, line := range lines {
			q.line("   %s", line)
		}
		q.cost("%s: %s candidates, %s documents read, %s", cost.Plan(), number(cost.Candidates), number(cost.Read), period(cost.Duration))
	}
	return errors.Join(q.byID(ctx, 6), q.conflict(ctx, 7))
}

func (q *quickstart) heading(n int, text string) { q.line("\n%d. %s", n, text) }

func (q *quickstart) cost(format string, args ...any) { q.line("   → "+format, args...) }

// list answers with the documents of a query.
func (q *quickstart) list(query core.Query[Event]) func(context.Context, *core.Profile) ([]string, error) {
	return func(ctx context.Context, cost *core.Profile) ([]string, error) {
		docs, err := query.Profile(cost).All(ctx)
		var lines []string
		for _, doc := range docs {
			lines = append(lines, doc.Value.String())
		}
		return lines, err
	}
}

// countByType reads everything once: no condition narrows that down.
func (q *quickstart) countByType(ctx context.Context, cost *core.Profile) ([]string, error) {
	counts := make(map[string]int)
	err := q.events.Query().Profile(cost).Each(ctx, func(doc core.Document[Event]) error {
		counts[doc.Value.Type]++
		return nil
	})
	types := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var lines []string
	for _, name := range types {
		lines = append(lines, fmt.Sprintf("%6s  %s", number(counts[name]), name))
	}
	return lines, err
}

// byID needs no query.
func (q *quickstart) byID(ctx context.Context, n int) error {
	began, before := time.Now(), q.meter.reads.Load()
	e, err := q.events.Get(ctx, strongest)
	if err != nil {
		return err
	}
	q.heading(n, "One by its id, "+strongest)
	q.line("   %s", e)
	q.line("   %.2f° N %.2f° E, %.1f km deep, felt by %s who told so; %s", e.Latitude, e.Longitude, e.Depth, number(e.Felt), e.URL)
	q.cost("get: %d document read, %s", q.meter.reads.Load()-before, period(time.Since(began)))
	return nil
}
