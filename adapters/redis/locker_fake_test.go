package redis

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// leaseTable does in Go what the scripts of leases do in Redis.
type leaseTable struct {
	mu     sync.Mutex
	leases map[string]*fakeLease
	home   string // of the server; "" is one that does not tell
	fence  map[string]string
}

type fakeLease struct {
	text string
	ends int64
}

// newLeaseTable makes a server that keeps leases and nothing else.
func newLeaseTable(t testing.TB) (*fakeServer, *leaseTable) {
	s := newFakeServer(t)
	table := &leaseTable{home: "run.history"}
	table.flush()
	for what, do := range map[*script]fakeScript{
		acquireScript: table.acquire, fenceScript: table.begin, renewScript: table.renew, releaseScript: table.release,
		infoScript: table.info, listScript: table.list, sweepScript: table.sweep,
	} {
		s.on(what, do)
	}
	return s, table
}

// flush loses everything.
func (f *leaseTable) flush() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leases, f.fence = make(map[string]*fakeLease), make(map[string]string)
}

// holds is how many leases are held.
func (f *leaseTable) holds() (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, h := range f.leases {
		if h.ends > micros() {
			n++
		}
	}
	return n
}

func micros() int64 { return time.Now().UnixMicro() }

func number(text string) int64 {
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

func (f *leaseTable) acquire(_, args []string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, last := micros(), f.fence["last"]
	if h := f.leases[args[0]]; h != nil && h.ends > now {
		return []string{"held", strconv.FormatInt(h.ends-now, 10)}, nil
	}
	token := uint64(now)
	before, _ := strconv.ParseUint(last, 16, 64)
	switch {
	case args[3] == "1" && (last == "" || f.fence["home"] != f.home || before&(1<<countBits-1) == 1<<countBits-1):
		return []string{"lost"}, nil
	case args[3] == "1":
		token = before + 1
	case last >= "4":
		return []string{"epochs"}, nil
	default:
		token = max(token, before+1)
	}
	f.fence["last"] = formatToken(token)
	f.leases[args[0]] = &fakeLease{formatToken(token) + " " + args[2], now + number(args[1])}
	return []string{"granted", formatToken(token)}, nil
}

func (f *leaseTable) begin(_, args []string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.home == "" {
		return []string{"unnamed"}, nil
	}
	last, floor := f.fence["last"], f.fence["floor"]
	before, _ := strconv.ParseUint(last, 16, 64)
	if last != "" && f.fence["home"] == f.home && before&(1<<countBits-1) < 1<<countBits-1 {
		return []string{"ready"}, nil
	}
	floor = max(floor, last)
	if f.fence["home"] != f.home {
		clear(f.fence)
	}
	f.fence["home"], f.fence["floor"] = f.home, floor
	delete(f.fence, "last")
	if args[1] == "" || f.fence["nonce "+args[0]] == "" {
		f.fence["nonce "+args[0]] = "1"
		return []string{"claimed"}, nil
	}
	token := args[1] + "0000000000"
	if token <= floor {
		return []string{"old"}, nil
	}
	f.fence = map[string]string{"home": f.home, "last": token}
	return []string{"ready"}, nil
}

func (f *leaseTable) renew(_, args []string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.leases[args[0]]
	if h == nil || h.text != args[1] || h.ends <= micros() {
		return []string{"0"}, nil
	}
	h.ends = micros() + number(args[2])
	return []string{"1"}, nil
}

func (f *leaseTable) release(_, args []string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.leases[args[0]]
	if h == nil || !strings.HasPrefix(h.text[number(args[1])-1:], args[2]) {
		return []string{"0"}, nil
	}
	delete(f.leases, args[0])
	if h.ends <= micros() {
		return []string{"0"}, nil
	}
	return []string{"1"}, nil
}

func describeFake(name string, h *fakeLease) []string {
	return []string{name, h.text, strconv.FormatInt(h.ends-micros(), 10), strconv.FormatInt(h.ends, 10)}
}

func (f *leaseTable) info(_, args []string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h := f.leases[args[0]]; h != nil && h.ends > micros() {
		return describeFake(args[0], h), nil
	}
	return nil, nil
}

func (f *leaseTable) list(_, args []string) (answer []string, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	first := max(number(args[0]), micros()+1)
	var names []string
	for name, h := range f.leases {
		if h.ends >= first {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(f.leases[a].ends, f.leases[b].ends), strings.Compare(a, b))
	})
	for _, name := range names[:min(len(names), int(number(args[1])))] {
		answer = append(answer, describeFake(name, f.leases[name])...)
	}
	return answer, nil
}

func (f *leaseTable) sweep(_, args []string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for name, h := range f.leases {
		if h.ends <= micros() && n < int(number(args[0])) {
			delete(f.leases, name)
			n++
		}
	}
	return []string{fmt.Sprint(n)}, nil
}
