package bolt_test

import (
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// files makes indexes for the kit and remembers the path of each.
type files struct {
	opts         bolt.Options
	behindFaults bool
	made         sync.Map // of opened by ports.Index
}

type opened struct {
	index *bolt.Index
	path  string
}

func (f *files) open(t testing.TB, path string) ports.Index {
	t.Helper()
	x, err := bolt.Open(t.Context(), path, f.opts)
	if err != nil {
		t.Fatal(err)
	}
	var made ports.Index = x
	if f.behindFaults {
		made = faults.Index(x, faults.New(faults.Options{}))
	}
	f.made.Store(made, opened{x, path})
	return made
}

func (f *files) of(x ports.Index) opened {
	made, _ := f.made.Load(x)
	return made.(opened)
}

func (f *files) harness() conformance.IndexHarness {
	return conformance.IndexHarness{
		New: func(t testing.TB) ports.Index { return f.open(t, newPath(t)) },
		// There is no second client: the file is open in one process, once.
		Reopen: func(t testing.TB, x ports.Index) ports.Index {
			shut(t, f.of(x).index)
			return f.open(t, f.of(x).path)
		},
		Lose: func(t testing.TB, x ports.Index) ports.Index {
			killed := newPath(t)
			copyFile(t, f.of(x).path, killed)
			shut(t, f.of(x).index)
			copyFile(t, killed, f.of(x).path)
			return f.open(t, f.of(x).path)
		},
	}
}

func TestIndexKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*files{
		"plain":         {},
		"behind faults": {behindFaults: true},
		"all on file":   {opts: bolt.Options{Pending: 1, Mode: 0o644, SkipCheck: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestIndex(t, f.harness())
		})
	}
}

func TestCounterKeepsTheContract(t *testing.T) {
	t.Parallel()
	var made sync.Map // of opened by ports.Counter
	create := func(t testing.TB, path string) ports.Counter {
		t.Helper()
		x := open(t, path)
		made.Store(x.Counter(), opened{x, path})
		return x.Counter()
	}
	conformance.TestCounter(t, conformance.CounterHarness{
		New: func(t testing.TB) ports.Counter { return create(t, newPath(t)) },
		Reopen: func(t testing.TB, c ports.Counter) ports.Counter {
			before, _ := made.Load(c)
			shut(t, before.(opened).index)
			return create(t, before.(opened).path)
		},
	})
}
