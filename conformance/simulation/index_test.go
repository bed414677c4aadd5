package simulation_test

import (
	"context"
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// indexPort is the index as one client reaches it.
type indexPort struct{ *client }

var _ ports.Index = indexPort{}

func (x indexPort) ask(ctx context.Context, method, space, args string, write bool, perform func(*memory.Index) answer) answer {
	r := &call{method: method, key: space, args: args, write: write, index: true}
	r.perform = func() answer { return perform(x.history.server(x.client)) }
	return x.send(ctx, r)
}

func (x indexPort) Identity(ctx context.Context) (string, error) {
	a := x.ask(ctx, "identity", "", "", false, func(m *memory.Index) (a answer) {
		a.text, a.err = m.Identity(context.Background())
		return a
	})
	return a.text, a.err
}

func (x indexPort) Install(ctx context.Context, space string, regime ports.Regime) error {
	return x.ask(ctx, "install", space, "", true, func(m *memory.Index) answer {
		return answer{err: m.Install(context.Background(), space, regime)}
	}).err
}

func (x indexPort) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.ask(ctx, "begin", space, entryText(entries), true, func(m *memory.Index) answer {
		return answer{err: m.Begin(context.Background(), space, regime, entries)}
	}).err
}

func (x indexPort) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.ask(ctx, "end", space, entryText(entries), true, func(m *memory.Index) answer {
		return answer{err: m.End(context.Background(), space, regime, entries)}
	}).err
}

func (x indexPort) Query(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
	a := x.ask(ctx, "query", space, string(r.From), false, func(m *memory.Index) (a answer) {
		a.page, a.err = m.Query(context.Background(), space, regime, r)
		return a
	})
	return a.page, a.err
}

func (x indexPort) Count(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error) {
	a := x.ask(ctx, "count", space, string(r.From), false, func(m *memory.Index) (a answer) {
		a.count, a.err = m.Count(context.Background(), space, regime, r)
		return a
	})
	return a.count, a.err
}

func (x indexPort) Drop(ctx context.Context, space, set string) error {
	return x.ask(ctx, "drop", space, set, true, func(m *memory.Index) answer {
		return answer{err: m.Drop(context.Background(), space, set)}
	}).err
}

// entryText tells entries apart.
func entryText(entries []ports.Entry) (text string) {
	for _, e := range entries {
		text += fmt.Sprintf("%q", e.Member)
	}
	return text
}
