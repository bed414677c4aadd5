package redis

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// counterTable does in Go what the scripts of counters do in Redis.
type counterTable struct {
	mu    sync.Mutex
	parts map[string]map[string]string // by key, then by name
}

func newCounterTable(t testing.TB) (*fakeServer, *counterTable) {
	s := newFakeServer(t)
	table := &counterTable{parts: make(map[string]map[string]string)}
	for what, do := range map[*script]func(part map[string]string, args []string) []string{
		addScript: addFake, namesScript: namesFake,
		valueScript: func(part map[string]string, args []string) []string {
			if value, found := part[args[0]]; found {
				return []string{value}
			}
			return nil
		},
		setScript: func(part map[string]string, args []string) []string {
			part[args[0]] = args[1]
			return nil
		},
		removeScript: func(part map[string]string, args []string) []string {
			delete(part, args[0])
			return nil
		},
	} {
		s.on(what, func(keys, args []string) ([]string, error) {
			table.mu.Lock()
			defer table.mu.Unlock()
			if table.parts[keys[0]] == nil {
				table.parts[keys[0]] = make(map[string]string)
			}
			return do(table.parts[keys[0]], args), nil
		})
	}
	return s, table
}

func addFake(part map[string]string, args []string) []string {
	value, ok := new(big.Int).SetString("0"+part[args[0]], 10)
	if strings.HasPrefix(part[args[0]], "-") {
		value, ok = new(big.Int).SetString(part[args[0]], 10)
	}
	if !ok {
		return []string{"text"}
	}
	delta, _ := new(big.Int).SetString(args[1], 10)
	if !value.Add(value, delta).IsInt64() {
		return []string{"overflow"}
	}
	part[args[0]] = value.String()
	return []string{"value", part[args[0]]}
}

// namesFake answers three names a page, and the last of each page again.
func namesFake(part map[string]string, args []string) []string {
	names := slices.Sorted(maps.Keys(part))
	from, _ := strconv.Atoi(args[0])
	to := min(from+3, len(names))
	answer := []string{strconv.Itoa(to)}
	if to == len(names) {
		answer[0] = "0"
	}
	for _, name := range names[max(0, from-1):to] {
		if strings.HasPrefix(name, args[1]) {
			answer = append(answer, name)
		}
	}
	return answer
}

// What is checked here is the side of Go; the scripts themselves run against
// real servers elsewhere.
func TestCounterKeepsTheContract(t *testing.T) {
	t.Parallel()
	again := func(_ testing.TB, c ports.Counter) ports.Counter { return c.(*Counter).client.Counter() }
	conformance.TestCounter(t, conformance.CounterHarness{
		New: func(t testing.TB) ports.Counter {
			s, _ := newCounterTable(t)
			return s.client(t, nil).Counter()
		},
		Second: again,
		Reopen: again,
	})
}

func TestAnAdditionIsSentOnce(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	s.on(addScript, func(_, _ []string) ([]string, error) { return nil, errDrop })
	if _, err := s.client(t, nil).Counter().Add(t.Context(), "n", 1); !errors.Is(err, ports.ErrUnknown) {
		t.Errorf("err = %v", err)
	}
	if n := s.called(addScript); n != 1 {
		t.Errorf("it was sent %d times", n)
	}
}

func TestNamesYieldsEachCounterOnce(t *testing.T) {
	t.Parallel()
	s, table := newCounterTable(t)
	counter := s.client(t, nil).Counter()
	var want []string
	for i := range 200 {
		name := fmt.Sprintf("orders/%03d", i)
		want = append(want, name)
		for _, name := range []string{name, "other\x00" + name} {
			if _, err := counter.Add(t.Context(), name, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(table.parts); n != counterParts {
		t.Errorf("400 counters are in %d parts", n)
	}
	var got []string
	for name, err := range counter.Names(t.Context(), "orders/") {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, name)
	}
	if slices.Sort(got); !slices.Equal(got, want) {
		t.Errorf("the names are %q", got)
	}
	for _, err := range counter.Names(t.Context(), "") {
		if err != nil {
			t.Error(err)
		}
		break // a caller that has enough ends it
	}
	s.on(namesScript, func(_, _ []string) ([]string, error) { return nil, errors.New("LOADING the data set") })
	n := 0
	for name, err := range counter.Names(t.Context(), "") {
		if n++; !errors.Is(err, ports.ErrBusy) || name != "" {
			t.Errorf("%q, %v", name, err)
		}
	}
	if n != 1 {
		t.Errorf("%d answers of a server that is loading", n)
	}
}

func TestACounterThatIsNoNumberIsCorrupt(t *testing.T) {
	t.Parallel()
	s, table := newCounterTable(t)
	counter := s.client(t, nil).Counter()
	if err := counter.Set(t.Context(), "n", 1); err != nil {
		t.Fatal(err)
	}
	for key := range table.parts {
		table.parts[key]["n"] = "one"
	}
	_, valued := counter.Value(t.Context(), "n")
	_, added := counter.Add(t.Context(), "n", 1)
	for _, err := range []error{valued, added} {
		if !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("err = %v", err)
		}
	}
}

func TestNamesOfCountersAreChecked(t *testing.T) {
	t.Parallel()
	s := newFakeServer(t)
	counter := s.client(t, nil).Counter()
	for _, name := range []string{"", strings.Repeat("n", 4097)} {
		_, added := counter.Add(t.Context(), name, 1)
		_, valued := counter.Value(t.Context(), name)
		for _, err := range []error{added, valued, counter.Set(t.Context(), name, 1), counter.Remove(t.Context(), name)} {
			if !errors.Is(err, ports.ErrInvalidKey) {
				t.Errorf("a name of %d bytes: %v", len(name), err)
			}
		}
	}
}
