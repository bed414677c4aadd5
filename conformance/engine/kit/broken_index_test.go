package kit_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

var brokenRegimes = []broken[conformance.IndexHarness]{
	{"IX-REG-1", "checks no regime", indexHarness(func(p *patchedIndex) {
		epochs := remember(p)
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			return p.Index.Begin(ctx, space, epochs(space, regime), entries)
		}
	})},
	{"IX-REG-1", "checks the identity alone", indexHarness(func(p *patchedIndex) {
		epochs := remember(p)
		p.query = func(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
			return p.Index.Query(ctx, space, ports.Regime{Epoch: epochs(space, regime).Epoch, Identity: regime.Identity}, r)
		}
	})},
	{"IX-REG-1", "counts the Begins that it refuses", indexHarness(func(p *patchedIndex) {
		epochs := remember(p)
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			err := p.Index.Begin(ctx, space, regime, entries)
			if errors.Is(err, ports.ErrStale) {
				_ = p.Index.Begin(ctx, space, epochs(space, regime), nil)
			}
			return err
		}
	})},
	{"IX-REG-1", "checks and then acts", indexHarness(checkThenBegin)},
	{"IX-REG-2", "forgets a set now and then", indexHarness(func(p *patchedIndex) {
		var mu sync.Mutex
		calls := 0
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			mu.Lock()
			defer mu.Unlock()
			if calls++; calls%150 == 0 {
				_ = p.Drop(ctx, space, "s")
			}
			return p.Index.Begin(ctx, space, regime, entries)
		}
	})},
	{"IX-INS-1", "installs under any identity", indexHarness(func(p *patchedIndex) {
		p.install = func(ctx context.Context, space string, regime ports.Regime) error {
			regime.Identity, _ = p.Index.Identity(ctx)
			return p.Index.Install(ctx, space, regime)
		}
	})},
	{"IX-INS-2", "empties the space at Install", indexHarness(func(p *patchedIndex) {
		p.install = func(ctx context.Context, space string, regime ports.Regime) error {
			_ = p.Index.Drop(ctx, space, "")
			return p.Index.Install(ctx, space, regime)
		}
	})},
	{"IX-INS-2", "keeps the first epoch", indexHarness(func(p *patchedIndex) {
		epochs := remember(p)
		install := p.install
		p.install = func(ctx context.Context, space string, regime ports.Regime) error {
			if epochs(space, ports.Regime{}).Epoch != "" {
				return nil
			}
			return install(ctx, space, regime)
		}
	})},
	{"IX-IDN-1", "has one identity for ever", indexHarness(func(p *patchedIndex) {
		p.identity = func(context.Context) (string, error) { return "localhost", nil }
		real := func(ctx context.Context, r ports.Regime) ports.Regime {
			if r.Identity == "localhost" {
				r.Identity, _ = p.Index.Identity(ctx)
			}
			return r
		}
		p.install = func(ctx context.Context, space string, regime ports.Regime) error {
			return p.Index.Install(ctx, space, real(ctx, regime))
		}
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			return p.Index.Begin(ctx, space, real(ctx, regime), entries)
		}
	})},
	{"IX-IDN-1", "has an identity for each client", indexHarness(func(p *patchedIndex) {
		p.identity = func(ctx context.Context) (string, error) {
			id, err := p.Index.Identity(ctx)
			return fmt.Sprintf("%s of %p", id, p), err
		}
	})},
	{"IX-CTX-1", "never looks at the context", indexHarness(func(p *patchedIndex) {
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			return p.Index.Begin(context.WithoutCancel(ctx), space, regime, entries)
		}
	})},
	{"IX-CLS-1", "goes on after Close", indexHarness(func(p *patchedIndex) {
		p.close = func() error { return nil }
	})},
}

// remember notes the epochs that are installed through p and returns a
// function from a space to the regime that is right, or the given one.
func remember(p *patchedIndex) func(space string, given ports.Regime) ports.Regime {
	var mu sync.Mutex
	right := map[string]ports.Regime{}
	p.install = func(ctx context.Context, space string, regime ports.Regime) error {
		err := p.Index.Install(ctx, space, regime)
		if err == nil {
			mu.Lock()
			defer mu.Unlock()
			right[space] = regime
		}
		return err
	}
	return func(space string, given ports.Regime) ports.Regime {
		mu.Lock()
		defer mu.Unlock()
		if r, ok := right[space]; ok {
			return r
		}
		return given
	}
}

// checkThenBegin asks whether the regime is right, and adds the entries under
// whatever regime there is then.
func checkThenBegin(p *patchedIndex) {
	p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
		if _, err := p.Index.Query(ctx, space, regime, ports.EntryRange{Set: "s", Limit: 1}); err != nil {
			return err
		}
		runtime.Gosched()
		err := p.Index.Begin(ctx, space, regime, entries)
		if errors.Is(err, ports.ErrStale) {
			regime.Epoch = "after" // as the kit installs it
			_ = p.Index.Begin(ctx, space, regime, entries)
		}
		return err
	}
}

var brokenEntries = []broken[conformance.IndexHarness]{
	{"IX-ATM-1", "adds entry by entry", indexHarness(func(p *patchedIndex) {
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			for _, e := range entries {
				if err := p.Index.Begin(ctx, space, regime, []ports.Entry{e}); err != nil {
					return err
				}
			}
			return nil
		}
	})},
	{"IX-ACK-1", "removes a call later", indexHarness(removeLater)},
	{"IX-RAC-1", "loses what meets another call", indexHarness(func(p *patchedIndex) {
		var busy sync.Mutex
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			if !busy.TryLock() {
				return nil
			}
			defer busy.Unlock()
			runtime.Gosched()
			return p.Index.Begin(ctx, space, regime, entries)
		}
	})},
	{"IX-BEG-1", "does not count an empty Begin", indexHarness(func(p *patchedIndex) {
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			if len(entries) == 0 {
				return nil
			}
			return p.Index.Begin(ctx, space, regime, entries)
		}
	})},
	{"IX-END-1", "removes what begins with the member, too", indexHarness(func(p *patchedIndex) {
		p.end = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			for _, e := range entries {
				page, _ := p.Query(ctx, space, regime, ports.EntryRange{Set: e.Set, From: e.Member, To: append(e.Member[:len(e.Member):len(e.Member)], 0xff)})
				for _, m := range page.Members {
					entries = append(entries, ports.Entry{Set: e.Set, Member: m})
				}
			}
			return p.Index.End(ctx, space, regime, entries)
		}
	})},
	{"IX-END-1", "counts as a Begin", indexHarness(func(p *patchedIndex) {
		p.end = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			if err := p.Index.End(ctx, space, regime, entries); err != nil {
				return err
			}
			return p.Index.Begin(ctx, space, regime, nil)
		}
	})},
	{"IX-QRY-1", "includes To", queryHarness(func(r *ports.EntryRange, _ *ports.EntryPage) {
		if r.To != nil {
			r.To = append(r.To[:len(r.To):len(r.To)], 0)
		}
	}, nil)},
	{"IX-QRY-1", "ignores the limit", queryHarness(func(r *ports.EntryRange, _ *ports.EntryPage) { r.Limit = 0 }, nil)},
	{"IX-QRY-1", "says that there is more when the limit is just reached", queryHarness(nil, func(r *ports.EntryRange, page *ports.EntryPage) {
		page.More = r.Limit > 0 && len(page.Members) == r.Limit
	})},
	{"IX-QRY-2", "reads the count after the members", indexHarness(func(p *patchedIndex) {
		p.query = func(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
			page, err := p.Index.Query(ctx, space, regime, r)
			runtime.Gosched()
			if later, laterErr := p.Index.Query(ctx, space, regime, ports.EntryRange{Set: r.Set, Limit: 1}); laterErr == nil {
				page.Begins = later.Begins
			}
			return page, err
		}
	})},
	{"IX-CNT-1", "counts up to the limit", indexHarness(func(p *patchedIndex) {
		p.count = func(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (int64, error) {
			n, err := p.Index.Count(ctx, space, regime, r)
			if r.Limit > 0 {
				n = min(n, int64(r.Limit))
			}
			return n, err
		}
	})},
	{"IX-KEY-1", "joins space and set with a NUL", indexHarness(joinedNames)},
	{"IX-KEY-1", "cuts long members", indexHarness(func(p *patchedIndex) {
		p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
			var cut []ports.Entry
			for _, e := range entries {
				cut = append(cut, ports.Entry{Set: e.Set, Member: e.Member[:min(len(e.Member), ports.MaxMemberBytes)]})
			}
			return p.Index.Begin(ctx, space, regime, cut)
		}
	})},
	{"IX-DRP-1", "drops the whole space with a set", indexHarness(func(p *patchedIndex) {
		p.drop = func(ctx context.Context, space, _ string) error { return p.Index.Drop(ctx, space, "") }
	})},
	{"IX-DRP-1", "keeps the epoch of a space that it drops", indexHarness(keptEpoch)},
}

// queryHarness changes the range before a Query and the page after it.
func queryHarness(before, after func(*ports.EntryRange, *ports.EntryPage)) conformance.IndexHarness {
	return indexHarness(func(p *patchedIndex) {
		p.query = func(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (page ports.EntryPage, err error) {
			if before != nil {
				before(&r, nil)
			}
			page, err = p.Index.Query(ctx, space, regime, r)
			if after != nil {
				after(&r, &page)
			}
			return page, err
		}
	})
}

func removeLater(p *patchedIndex) {
	var mu sync.Mutex
	pending := func() error { return nil }
	p.end = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
		mu.Lock()
		defer mu.Unlock()
		err := pending()
		pending = func() error { return p.Index.End(ctx, space, regime, entries) }
		return err
	}
}

// joinedNames keeps all sets of all spaces in one, under "space NUL set".
func joinedNames(p *patchedIndex) {
	join := func(space string, entries []ports.Entry) (joined []ports.Entry) {
		for _, e := range entries {
			joined = append(joined, ports.Entry{Set: joinName(space, e.Set), Member: e.Member})
		}
		return joined
	}
	p.install = func(ctx context.Context, _ string, regime ports.Regime) error {
		return p.Index.Install(ctx, "all", regime)
	}
	p.begin = func(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
		return p.Index.Begin(ctx, "all", regime, join(space, entries))
	}
	p.query = func(ctx context.Context, space string, regime ports.Regime, r ports.EntryRange) (ports.EntryPage, error) {
		r.Set = joinName(space, r.Set)
		return p.Index.Query(ctx, "all", regime, r)
	}
}

func joinName(space, set string) string {
	name := space + "\x00" + set
	return name[:min(len(name), 1024)]
}

// keptEpoch empties a space that it should forget.
func keptEpoch(p *patchedIndex) {
	p.drop = func(ctx context.Context, space, set string) error {
		id, _ := p.Index.Identity(ctx)
		regime := ports.Regime{Epoch: "e1", Identity: id} // as the kit installs it
		_, known := p.Index.Query(ctx, space, regime, ports.EntryRange{Set: "s"})
		err := p.Index.Drop(ctx, space, set)
		if known == nil && set == "" {
			_ = p.Index.Install(ctx, space, regime)
		}
		return err
	}
}
