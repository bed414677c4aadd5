package conformance

import (
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

var lockerAdminClauses = []Clause[LockerHarness]{
	{"LK-INF-1", "While the lease is valid, Info MUST be what List says of it; where there is none, Info MUST answer ErrNotFound.", leaseInfo},
	{"LK-CLN-1", "CleanUp MUST NOT end a valid lease, and tokens MUST still grow after it.", cleanUpLeases},
}

// lockerAdmin returns the ports.LockerAdmin of l; false after noting that there
// is none.
func lockerAdmin(t *T, l ports.Locker) (ports.LockerAdmin, bool) {
	found, ok := ports.As[ports.LockerAdmin](l)
	if !ok {
		t.absent("the locker is no ports.LockerAdmin")
	}
	return found, ok
}

func leaseInfo(t *T, h LockerHarness) {
	first, second := h.pair(t)
	admin, ok := lockerAdmin(t, second)
	if !ok {
		return
	}
	none := func(when string) {
		t.Helper()
		_, err := admin.Info(t.Context(), "a")
		t.wantErr(err, ports.ErrNotFound, "info %s", when)
	}
	none("before anybody held it")
	lease := t.acquire(first, "a", time.Hour)
	t.acquire(first, "b", time.Hour)
	got, err := admin.Info(t.Context(), "a")
	t.must(err, "info")
	infos, err := second.List(t.Context())
	t.must(err, "list")
	for _, want := range infos {
		if want.Name == "a" && (got.Name != "a" || got.Token != want.Token || got.Token != lease.Token() || got.Holder != want.Holder) {
			t.Errorf("info answers %+v, list says %+v", got, want)
		}
	}
	if got.Remaining <= 0 || got.Remaining > time.Hour {
		t.Errorf("info answers %+v of a lease for an hour", got)
	}
	t.must(lease.Release(t.Context()), "release")
	none("after the release")
	lease = t.acquire(first, "a", ttl)
	h.pass(ttl + ttl/4)
	none("after expiry")
	t.must(lease.Release(t.Context()), "release of an expired lease")
}

func cleanUpLeases(t *T, h LockerHarness) {
	first, second := h.pair(t)
	admin, ok := lockerAdmin(t, second)
	if !ok {
		return
	}
	valid := t.acquire(first, "valid", time.Hour)
	old := t.acquire(first, "old", ttl)
	h.pass(ttl + ttl/4)
	_, err := admin.CleanUp(t.Context())
	t.must(err, "clean-up")
	t.wantHeld(second, "valid", "after a clean-up")
	t.wantErr(valid.Renew(t.Context()), nil, "renew after a clean-up")
	t.wantErr(old.Renew(t.Context()), ports.ErrLost, "renew of an expired lease after a clean-up")
	next := t.acquire(second, "old", time.Hour)
	if next.Token() <= old.Token() {
		t.Errorf("the token after a clean-up is %d, before it was %d", next.Token(), old.Token())
	}
	again, err := admin.CleanUp(t.Context())
	if t.must(err, "clean-up"); again != 0 {
		t.Errorf("a clean-up of valid leases forgets %d", again)
	}
	t.wantErr(old.Release(t.Context()), nil, "release of an expired lease")
	t.wantHeld(first, "old", "after the release of the lease before")
}
