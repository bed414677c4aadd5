package conformance

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var indexCallClauses = []Clause[IndexHarness]{
	{"IX-CTX-1", "A call whose context is done before it starts MUST change nothing and answer an error matching ctx.Err().", indexDoneContext},
	{"IX-CLS-1", "Where the adapter is an io.Closer, every call after Close MUST answer ErrClosed and a second Close nil.", closedIndex},
	{"IX-RAC-1", "All methods MUST be safe for concurrent use.", indexManyAtOnce},
}

// namedCall is one method of a port with arguments.
type namedCall struct {
	name string
	do   func(ctx context.Context) error
}

// indexCalls returns a call of every method on the space of s.
func indexCalls(s space) []namedCall {
	calls := []namedCall{
		{"identity", func(ctx context.Context) error {
			_, err := s.ix.Identity(ctx)
			return err
		}},
		{"install", func(ctx context.Context) error {
			return s.ix.Install(ctx, s.name, ports.Regime{Epoch: "other", Identity: s.regime.Identity})
		}},
		{"begin", func(ctx context.Context) error {
			return s.ix.Begin(ctx, s.name, s.regime, entries("s", "added"))
		}},
		{"end", func(ctx context.Context) error {
			return s.ix.End(ctx, s.name, s.regime, entries("s", "kept"))
		}},
		{"query", func(ctx context.Context) error {
			_, err := s.ix.Query(ctx, s.name, s.regime, ports.EntryRange{Set: "s"})
			return err
		}},
		{"count", func(ctx context.Context) error {
			_, err := s.ix.Count(ctx, s.name, s.regime, ports.EntryRange{Set: "s"})
			return err
		}},
		{"drop of a set", func(ctx context.Context) error { return s.ix.Drop(ctx, s.name, "s") }},
		{"drop", func(ctx context.Context) error { return s.ix.Drop(ctx, s.name, "") }},
	}
	if pinger, ok := ports.As[ports.Pinger](s.ix); ok {
		calls = append(calls, namedCall{"ping", pinger.Ping})
	}
	return calls
}

func indexDoneContext(t *T, h IndexHarness) {
	s := install(t, h.open(t), "users", "e1")
	s.begin("s", "kept")
	for how, ctx := range doneContexts(t) {
		for _, call := range indexCalls(s) {
			t.wantErr(call.do(ctx), ctx.Err(), "%s with a context that is %s", call.name, how)
			s.want(1, "s", "kept")
		}
	}
}

func closedIndex(t *T, h IndexHarness) {
	ix := h.open(t)
	closer, ok := ports.As[io.Closer](ix)
	if !ok {
		t.absent("the index is no io.Closer")
		return
	}
	s := install(t, ix, "users", "e1")
	s.begin("s", "kept")
	t.wantErr(closer.Close(), nil, "close")
	for _, call := range indexCalls(s) {
		t.wantErr(call.do(t.Context()), ports.ErrClosed, "%s after close", call.name)
	}
	t.wantErr(closer.Close(), nil, "second close")
}

// indexManyAtOnce lets many goroutines add and remove, and checks the totals.
func indexManyAtOnce(t *T, h IndexHarness) {
	const workers, each = 16, 20
	first, second := h.pair(t)
	s := install(t, first, "users", "e1")
	together(workers, func(i int) {
		client := s
		if i%2 == 1 {
			client = s.by(second)
		}
		for n := range each {
			member := fmt.Sprintf("%02d-%03d", i, n)
			client.begin("all", member, "by everybody")
			client.begin(fmt.Sprintf("own-%d", i), member)
			if n%2 == 0 {
				client.end("all", member)
			}
			members, _, err := client.query(ports.EntryRange{Set: "all", From: []byte(member[:3]), To: []byte(member[:2] + "~")})
			t.wantErr(err, nil, "query")
			if len(members) != n/2+n%2 {
				t.Errorf("query of one's own answers %s after %d Begins", quoted(members), n+1)
			}
			t.wantErr(client.ix.Drop(t.Context(), "another space", ""), nil, "drop")
		}
	})
	members, page, err := s.query(ports.EntryRange{Set: "all"})
	t.must(err, "query")
	want := workers*each/2 + 1
	if page.Begins != 2*workers*each || len(members) != want || !strings.HasPrefix(members[want-1], "by") {
		t.Errorf("%d members and %d Begins are there, want %d and %d", len(members), page.Begins, want, 2*workers*each)
	}
}
