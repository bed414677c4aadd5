package redis

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

var someRegime = ports.Regime{Epoch: "e", Identity: "i"}

// answered is an index on a server whose scripts answer these strings.
func answered(t *testing.T, values ...string) *Index {
	s := newFakeServer(t)
	for _, what := range []*script{identityScript, installScript, beginScript, endScript, queryScript, countScript, dropSetScript, dropSpaceScript} {
		s.on(what, func(_, _ []string) ([]string, error) { return values, nil })
	}
	return s.client(t, nil).Index()
}

// errorsOf calls everything that names a regime.
func errorsOf(t *testing.T, x *Index) map[string]error {
	ctx := t.Context()
	errs := map[string]error{
		"install": x.Install(ctx, "s", someRegime),
		"begin":   x.Begin(ctx, "s", someRegime, nil),
		"end":     x.End(ctx, "s", someRegime, nil),
	}
	_, errs["query"] = x.Query(ctx, "s", someRegime, ports.EntryRange{Set: "a"})
	_, errs["count"] = x.Count(ctx, "s", someRegime, ports.EntryRange{Set: "a"})
	return errs
}

func TestScriptsThatFindAnotherRegimeAreStale(t *testing.T) {
	t.Parallel()
	for reason, text := range map[string]string{"epoch": "another epoch", "identity": "another identity", "lost": "evicted or deleted"} {
		for name, err := range errorsOf(t, answered(t, reason)) {
			wantKind(t, err, ports.ErrStale, name)
			if err != nil && !strings.Contains(err.Error(), text) {
				t.Errorf("%s: err = %v", name, err)
			}
		}
	}
}

func TestAnswersThatCanNotBeAreCorrupt(t *testing.T) {
	t.Parallel()
	for name, err := range errorsOf(t, answered(t)) {
		wantKind(t, err, ports.ErrCorrupt, name)
	}
	for _, values := range [][]string{{"ok"}, {"x", "ok"}, {"m", "x", "", "ok"}, {"-1", "", "ok"}} {
		_, err := answered(t, values...).Query(t.Context(), "s", someRegime, ports.EntryRange{Set: "a"})
		wantKind(t, err, ports.ErrCorrupt, "query")
	}
	for _, values := range [][]string{{"ok"}, {"x", "ok"}, {"1", "2", "ok"}} {
		_, err := answered(t, values...).Count(t.Context(), "s", someRegime, ports.EntryRange{Set: "a"})
		wantKind(t, err, ports.ErrCorrupt, "count")
	}
	for _, values := range [][]string{{"x"}, {"name", "master", "", "", ""}} {
		_, err := answered(t, values...).Identity(t.Context())
		wantKind(t, err, ports.ErrCorrupt, "identity")
	}
}

func TestQueryReadsMembersOfAnyBytes(t *testing.T) {
	t.Parallel()
	page, err := answered(t, "\x00\r\n", "ok", "7", "more", "ok").Query(t.Context(), "s", someRegime, ports.EntryRange{Set: "a"})
	want := ports.EntryPage{Members: [][]byte{[]byte("\x00\r\n"), []byte("ok")}, Begins: 7, More: true}
	if err != nil || !reflect.DeepEqual(page, want) {
		t.Errorf("%+v, %v", page, err)
	}
}

func TestBoundsOfRanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		r               ports.EntryRange
		least, greatest string
	}{
		{ports.EntryRange{}, "-", "+"},
		{ports.EntryRange{From: []byte{}, To: []byte("-")}, "[", "(-"},
		{ports.EntryRange{From: []byte("(\x00"), To: []byte{0xff}}, "[(\x00", "(\xff"},
	} {
		if least, greatest := bounds(c.r); least != c.least || greatest != c.greatest {
			t.Errorf("%+v: %q to %q", c.r, least, greatest)
		}
	}
}

func TestEntriesAreSentSetBySet(t *testing.T) {
	t.Parallel()
	x := &Index{client: &Client{prefix: keyPrefix("n")}}
	keys, args := x.bySet("s", someRegime, []ports.Entry{
		{Set: "b", Member: []byte("1")}, {Set: "a", Member: []byte("2")}, {Set: "b", Member: []byte("3")},
	})
	if want := []string{"sb:n:{ix:s}:head", "sb:n:{ix:s}:set:b", "sb:n:{ix:s}:set:a"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("keys %q", keys)
	}
	if want := []any{"e", "i", 2, "1", "3", 1, "2"}; !reflect.DeepEqual(args, want) {
		t.Errorf("arguments %v", args)
	}
}

func TestTooManyEntriesAreRefused(t *testing.T) {
	t.Parallel()
	x := answered(t, "ok")
	entries := make([]ports.Entry, MaxEntries+1)
	for i := range entries {
		entries[i] = ports.Entry{Set: "a", Member: []byte("m")}
	}
	wantKind(t, x.Begin(t.Context(), "s", someRegime, entries), ports.ErrTooLarge, "begin")
	wantKind(t, x.End(t.Context(), "s", someRegime, entries), ports.ErrTooLarge, "end")
	if err := x.Begin(t.Context(), "s", someRegime, entries[1:]); err != nil {
		t.Errorf("one less: %v", err)
	}
}

func TestIdentityRefusesServersThatCanNotKeepAnIndex(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values []string
		want   error
	}{
		"evicts":              {[]string{"n", "master", "allkeys-lru", "100"}, ports.ErrUnsupported},
		"is a replica":        {[]string{"n", "slave", "noeviction", "0"}, ports.ErrUnavailable},
		"does not say who":    {[]string{"", "master", "noeviction", "0"}, ports.ErrUnsupported},
		"would, has no limit": {[]string{"n", "master", "allkeys-lru", "0"}, nil},
		"evicts caches":       {[]string{"n", "master", "volatile-lru", "100"}, nil},
		"tells no policy":     {[]string{"n", "master", "", ""}, nil},
	} {
		x := answered(t, c.values...)
		id, err := x.Identity(t.Context())
		if !errors.Is(err, c.want) || c.want == nil && id != "n" {
			t.Errorf("%s: %q, %v", name, id, err)
		}
	}
	x := answered(t, "n", "master", "allkeys-lru", "100")
	x.client.options.AllowEviction = true
	if id, err := x.Identity(t.Context()); id != "n" || err != nil {
		t.Errorf("eviction allowed: %q, %v", id, err)
	}
}
