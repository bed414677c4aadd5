package conformance

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// LockerHarness makes the lockers that TestLocker checks.
type LockerHarness struct {
	// New opens a locker that holds nothing. The kit closes it at the end of
	// the check if it is an io.Closer. Required.
	New func(t testing.TB) ports.Locker

	// Second opens an independent client of the leases of first. Nil: first is
	// used in its place.
	Second func(t testing.TB, first ports.Locker) ports.Locker

	// Reopen closes a locker and opens its data again. Nil: nothing outlives a
	// close.
	Reopen func(t testing.TB, open ports.Locker) ports.Locker

	// Advance moves the clock of the locker that New made last, and of its
	// second client. Nil: the kit lets real time pass.
	Advance func(d time.Duration)

	// Waive maps ids of clauses that are not checked to the reason.
	Waive map[string]string
}

// TestLocker checks every clause of ports.Locker, ports.Lease and, where the
// locker has it, ports.LockerAdmin as a subtest
// named by its id, logs the report and returns it.
func TestLocker(t *testing.T, h LockerHarness) Report {
	t.Helper()
	report := suite[LockerHarness]{"Locker", LockerClauses(), h.Waive}.run(t, h)
	t.Log("\n" + report.String())
	return report
}

// LockerClauses returns the clauses of ports.Locker, ports.Lease and
// ports.LockerAdmin.
func LockerClauses() []Clause[LockerHarness] {
	return slices.Concat(lockerClauses, leaseClauses, lockerAdminClauses)
}

var lockerClauses = []Clause[LockerHarness]{
	{"LK-CTX-1", "A call whose context is done MUST answer an error matching ctx.Err() and hold nothing.", lockerDoneContext},
	{"LK-RAC-1", "All methods MUST be safe for concurrent use.", lockerManyAtOnce},
	{"LK-ACQ-1", "While another lease on the name is valid, Acquire MUST answer ErrBusy; a ttl below 10 ms or an empty name MUST be refused with ErrInvalidKey.", acquireHeld},
	{"LK-ACQ-2", "Of any number of concurrent calls of Acquire exactly one MUST succeed.", acquireRace},
	{"LK-ACQ-3", "The token MUST be greater than every token ever handed out for that name, also after release, expiry and restart.", tokensGrow},
	{"LK-LST-1", "List MUST hold each valid lease, and no released one.", listLeases},
	{"LK-FRC-1", "ForceRelease with any other token MUST change nothing and answer ErrLost.", forceRelease},
}

// ttl is long enough, in real time, for a slow machine to do something in a
// part of it, and short enough to wait for.
const ttl = 400 * time.Millisecond

func (h LockerHarness) open(t *T) ports.Locker {
	t.Helper()
	l := h.New(t.TB)
	closeAtEnd(t, l)
	return l
}

func (h LockerHarness) pair(t *T) (first, second ports.Locker) {
	t.Helper()
	first = h.open(t)
	if h.Second == nil {
		return first, first
	}
	second = h.Second(t.TB, first)
	closeAtEnd(t, second)
	return first, second
}

// pass lets d pass on the clock of the locker.
func (h LockerHarness) pass(d time.Duration) {
	if h.Advance != nil {
		h.Advance(d)
		return
	}
	<-time.After(d)
}

// acquire takes a lease and ends the check if that fails.
func (t *T) acquire(l ports.Locker, name string, d time.Duration) ports.Lease {
	t.Helper()
	lease, err := l.Acquire(t.Context(), name, d)
	t.must(err, "acquire of %q", name)
	if lease.Name() != name || lease.Token() == 0 {
		t.Errorf("acquire of %q gives the lease %q with token %d", name, lease.Name(), lease.Token())
	}
	return lease
}

func (t *T) wantHeld(l ports.Locker, name, when string) {
	t.Helper()
	lease, err := l.Acquire(t.Context(), name, time.Hour)
	t.wantErr(err, ports.ErrBusy, "acquire of %q %s", name, when)
	if err == nil {
		t.wantErr(lease.Release(t.Context()), nil, "release")
	}
}

func lockerDoneContext(t *T, h LockerHarness) {
	l := h.open(t)
	lease := t.acquire(l, "held", time.Hour)
	for how, ctx := range doneContexts(t) {
		_, err := l.Acquire(ctx, "free", time.Hour)
		t.wantErr(err, ctx.Err(), "acquire with a context that is %s", how)
		_, err = l.List(ctx)
		t.wantErr(err, ctx.Err(), "list with a context that is %s", how)
		t.wantErr(l.ForceRelease(ctx, "held", lease.Token()), ctx.Err(), "force release with a context that is %s", how)
		t.wantErr(lease.Renew(ctx), ctx.Err(), "renew with a context that is %s", how)
		t.wantErr(lease.Release(ctx), ctx.Err(), "release with a context that is %s", how)
	}
	t.wantHeld(l, "held", "after calls whose context was done")
	t.wantErr(t.acquire(l, "free", time.Hour).Release(t.Context()), nil, "release")
}

func lockerManyAtOnce(t *T, h LockerHarness) {
	first, second := h.pair(t)
	inside := map[string]int{}
	var mu sync.Mutex
	end := time.Now().Add(patience)
	together(12, func(i int) {
		l, name := first, fmt.Sprintf("lock %d", i%3)
		if i%2 == 1 {
			l = second
		}
		for done := 0; done < 5; {
			lease, err := l.Acquire(t.Context(), name, time.Hour)
			if errors.Is(err, ports.ErrBusy) && time.Now().Before(end) {
				<-time.After(time.Millisecond)
				continue
			}
			if t.wantErr(err, nil, "acquire"); err != nil {
				return
			}
			done++
			mu.Lock()
			inside[name]++
			if inside[name] != 1 {
				t.Errorf("%d holders are inside of %q", inside[name], name)
			}
			mu.Unlock()
			t.wantErr(lease.Renew(t.Context()), nil, "renew")
			<-time.After(200 * time.Microsecond) // so that another holder would be met
			_, err = l.List(t.Context())
			t.wantErr(err, nil, "list")
			mu.Lock()
			inside[name]--
			mu.Unlock()
			t.wantErr(lease.Release(t.Context()), nil, "release")
		}
	})
}

func acquireHeld(t *T, h LockerHarness) {
	first, second := h.pair(t)
	lease := t.acquire(first, "a", time.Hour)
	for _, l := range []ports.Locker{first, second} {
		t.wantHeld(l, "a", "while another lease is valid")
	}
	for _, name := range []string{"A", "a/b", "é", "e\u0301", "b"} {
		t.wantErr(t.acquire(second, name, time.Hour).Release(t.Context()), nil, "release of %q", name)
	}
	_, err := first.Acquire(t.Context(), "", time.Hour)
	t.wantErr(err, ports.ErrInvalidKey, "acquire of an empty name")
	for _, d := range []time.Duration{0, -time.Second, 9 * time.Millisecond} {
		_, err := first.Acquire(t.Context(), "short", d)
		t.wantErr(err, ports.ErrInvalidKey, "acquire for %v", d)
	}
	t.wantErr(lease.Release(t.Context()), nil, "release")
	lease = t.acquire(second, "a", ttl)
	h.pass(ttl + ttl/4)
	t.wantErr(t.acquire(first, "a", time.Hour).Release(t.Context()), nil, "release after expiry")
	t.wantErr(lease.Release(t.Context()), nil, "release of an expired lease")
}

func acquireRace(t *T, h LockerHarness) {
	first, second := h.pair(t)
	for range 10 {
		var mu sync.Mutex
		var winners []ports.Lease
		together(32, func(i int) {
			l := first
			if i%2 == 1 {
				l = second
			}
			lease, err := l.Acquire(t.Context(), "a", time.Hour)
			if err != nil {
				t.wantErr(err, ports.ErrBusy, "acquire that lost")
				return
			}
			mu.Lock()
			winners = append(winners, lease)
			mu.Unlock()
		})
		if len(winners) != 1 {
			t.Fatalf("%d of 32 acquired one lock", len(winners))
		}
		t.wantErr(winners[0].Release(t.Context()), nil, "release")
	}
}

func tokensGrow(t *T, h LockerHarness) {
	first, second := h.pair(t)
	var last uint64
	grown := func(lease ports.Lease, after string) {
		t.Helper()
		if lease.Token() <= last {
			t.Errorf("the token after %s is %d, before it was %d", after, lease.Token(), last)
		}
		last = lease.Token()
	}
	for range 5 {
		lease := t.acquire(first, "a", time.Hour)
		grown(lease, "release")
		t.must(lease.Release(t.Context()), "release")
		lease = t.acquire(second, "a", time.Hour)
		grown(lease, "release by another client")
		t.must(first.ForceRelease(t.Context(), "a", lease.Token()), "force release")
	}
	grown(t.acquire(first, "a", ttl), "force release")
	h.pass(ttl + ttl/4)
	lease := t.acquire(second, "a", time.Hour)
	grown(lease, "expiry")
	t.must(lease.Release(t.Context()), "release")
	if h.Reopen != nil {
		again := h.Reopen(t.TB, first)
		closeAtEnd(t, again)
		grown(t.acquire(again, "a", time.Hour), "restart")
	}
}

func listLeases(t *T, h LockerHarness) {
	first, second := h.pair(t)
	want := func(names ...string) {
		t.Helper()
		infos, err := second.List(t.Context())
		t.must(err, "list")
		var got []string
		for _, info := range infos {
			got = append(got, info.Name)
			if info.Token == 0 || info.Remaining <= 0 || info.Remaining > time.Hour {
				t.Errorf("list holds %+v of a lease for an hour", info)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, names) {
			t.Errorf("list answers %q, want %q", got, names)
		}
	}
	want()
	a, b := t.acquire(first, "a", time.Hour), t.acquire(second, "b", time.Hour)
	want("a", "b")
	t.must(a.Release(t.Context()), "release")
	want("b")
	t.must(b.Renew(t.Context()), "renew")
	want("b")
	infos, err := first.List(t.Context())
	if err != nil || len(infos) != 1 || infos[0].Token != b.Token() {
		t.Errorf("list answers %+v, %v, want token %d", infos, err, b.Token())
	}
	t.must(first.ForceRelease(t.Context(), "b", b.Token()), "force release")
	want()
}

func forceRelease(t *T, h LockerHarness) {
	first, second := h.pair(t)
	old := t.acquire(first, "a", time.Hour)
	t.must(old.Release(t.Context()), "release")
	lease := t.acquire(first, "a", time.Hour)
	for _, token := range []uint64{0, old.Token(), lease.Token() + 1} {
		t.wantErr(second.ForceRelease(t.Context(), "a", token), ports.ErrLost, "force release of token %d, where %d holds,", token, lease.Token())
	}
	t.wantErr(second.ForceRelease(t.Context(), "never held", 1), ports.ErrLost, "force release of a name that was never held")
	t.wantHeld(second, "a", "after force releases with other tokens")
	t.wantErr(lease.Renew(t.Context()), nil, "renew after force releases with other tokens")
	t.wantErr(second.ForceRelease(t.Context(), "a", lease.Token()), nil, "force release with the token")
	t.wantErr(lease.Renew(t.Context()), ports.ErrLost, "renew after force release")
	t.wantErr(t.acquire(second, "a", time.Hour).Release(t.Context()), nil, "release")
}
