package conformance

import (
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var leaseClauses = []Clause[LockerHarness]{
	{"LK-REN-1", "Renew extends the lease; once it expired, was released or was taken over, Renew MUST answer ErrLost, for ever.", renewLease},
	{"LK-REL-1", "After Release others can acquire at once; releasing a lease that is gone MUST answer nil and not touch a newer holder.", releaseLease},
	{"LK-LOS-1", "Lost MUST be closed at the latest when the ttl since the last successful Acquire or Renew has passed on the holder's own clock.", leaseIsLost},
}

func renewLease(t *T, h LockerHarness) {
	first, second := h.pair(t)
	renewInTime(t, h, first, second)
	expired := t.acquire(first, "expired", ttl)
	h.pass(ttl + ttl/4)
	released := t.acquire(first, "released", time.Hour)
	t.must(released.Release(t.Context()), "release")
	taken := t.acquire(first, "taken", ttl)
	h.pass(ttl + ttl/4)
	newer := t.acquire(second, "taken", time.Hour)
	for range 3 {
		t.wantErr(expired.Renew(t.Context()), ports.ErrLost, "renew of an expired lease")
		t.wantErr(released.Renew(t.Context()), ports.ErrLost, "renew of a released lease")
		t.wantErr(taken.Renew(t.Context()), ports.ErrLost, "renew of a lease that another one has taken over")
	}
	t.wantErr(newer.Renew(t.Context()), nil, "renew of the lease that took over")
	t.must(newer.Release(t.Context()), "release")
	t.wantErr(taken.Renew(t.Context()), ports.ErrLost, "renew after the newer holder released")
}

// renewInTime renews before the end, twice, so that the lease outlives its
// first ttl. In real time a slow machine can miss the moment; then the lease is
// lost by right, and it is tried again.
func renewInTime(t *T, h LockerHarness, first, second ports.Locker) {
	t.Helper()
	for range 10 {
		started := time.Now()
		lease := t.acquire(first, "renewed", ttl)
		h.pass(ttl / 2)
		err := lease.Renew(t.Context())
		if inTime := h.Advance != nil || time.Since(started) < ttl; !inTime {
			_ = lease.Release(t.Context()) // lost by right, or not: both are gone
			continue
		}
		t.wantErr(err, nil, "renew in the middle of the ttl")
		renewed := time.Now()
		h.pass(ttl * 3 / 4)
		held, err := second.Acquire(t.Context(), "renewed", time.Hour)
		if inTime := h.Advance != nil || time.Since(renewed) < ttl; inTime {
			t.wantErr(err, ports.ErrBusy, "acquire within the ttl after a renew")
			t.must(lease.Release(t.Context()), "release")
			return
		}
		if err == nil {
			t.must(held.Release(t.Context()), "release")
		}
	}
	t.Fatalf("this machine is too slow to renew a lease of %v in time", ttl)
}

func releaseLease(t *T, h LockerHarness) {
	first, second := h.pair(t)
	lease := t.acquire(first, "a", time.Hour)
	t.wantErr(lease.Release(t.Context()), nil, "release")
	newer := t.acquire(second, "a", time.Hour)
	for range 3 {
		t.wantErr(lease.Release(t.Context()), nil, "release of a lease that is gone")
	}
	t.wantHeld(first, "a", "after an older lease was released again")
	t.wantErr(newer.Renew(t.Context()), nil, "renew of the newer lease")
	t.must(newer.Release(t.Context()), "release")
	expired := t.acquire(first, "b", ttl)
	h.pass(ttl + ttl/4)
	newer = t.acquire(second, "b", time.Hour)
	t.wantErr(expired.Release(t.Context()), nil, "release of an expired lease")
	t.wantHeld(first, "b", "after an expired lease was released")
	t.must(newer.Release(t.Context()), "release")
}

func leaseIsLost(t *T, h LockerHarness) {
	first, second := h.pair(t)
	wantLost := func(lease ports.Lease, when string) {
		t.Helper()
		select {
		case <-lease.Lost():
		case <-time.After(patience / 10):
			t.Errorf("lost is still open %s", when)
		}
	}
	long := t.acquire(first, "long", time.Hour)
	lease := t.acquire(first, "a", ttl)
	h.pass(ttl + time.Millisecond)
	wantLost(lease, "after the ttl")
	released := t.acquire(second, "b", time.Hour)
	t.must(released.Release(t.Context()), "release")
	wantLost(released, "after release, when the holder knows")
	forced := t.acquire(first, "c", time.Hour)
	t.must(second.ForceRelease(t.Context(), "c", forced.Token()), "force release")
	t.wantErr(forced.Renew(t.Context()), ports.ErrLost, "renew after force release")
	wantLost(forced, "after renew answered ErrLost, when the holder knows")
	select {
	case <-long.Lost():
		t.Errorf("lost is closed of a lease that is held")
	default:
	}
	t.must(long.Release(t.Context()), "release")
}
