package core

import (
	"context"

	"github.com/smarterbase/smarterbase/ports"
)

// What an operator does about leases, wherever Locker keeps them. A name and a
// token together mean one acquisition, so no call here ever hits a holder that
// came later.

// Locks returns the leases that are held now, by any process, with what
// remains of their ttl. In the store that costs a listing, one request for each
// name that was ever held, and three more.
func (db *DB) Locks(ctx context.Context) ([]ports.LeaseInfo, error) {
	infos, err := db.locker.List(ctx)
	return infos, readFail("list locks", "", "", err)
}

// LockInfo describes the lease on a name; ErrNotFound if nobody holds it.
func (db *DB) LockInfo(ctx context.Context, name string) (ports.LeaseInfo, error) {
	const op = "lock info"
	if admin, ok := ports.As[ports.LockerAdmin](db.locker); ok {
		info, err := admin.Info(ctx, name)
		return info, readFail(op, "", "", err)
	}
	infos, err := db.locker.List(ctx)
	if err != nil {
		return ports.LeaseInfo{}, readFail(op, "", "", err)
	}
	for _, info := range infos {
		if info.Name == name {
			return info, nil
		}
	}
	return ports.LeaseInfo{}, readFail(op, "", "", ports.Fail(op, name, ports.ErrNotFound, nil))
}

// ReleaseLock ends the lease with that name and token, whoever holds it; the
// holder learns of it when it renews. Where another lease is held, or none, it
// changes nothing and answers ErrConflict, which matches ports.ErrLost.
func (db *DB) ReleaseLock(ctx context.Context, name string, token uint64) error {
	return fail("release lock", "", "", db.locker.ForceRelease(ctx, name, token))
}

// CleanUpLocks forgets the leases that ran out, so that they are not met
// again, and answers how many there were: 0 where the locker keeps nothing of
// them. One that is renewed or taken over meanwhile stays. In the store the
// objects of locks stay, too, and say that they are free: they keep the tokens,
// which must never start again. It is never needed: Acquire takes over what ran
// out.
func (db *DB) CleanUpLocks(ctx context.Context) (int, error) {
	admin, ok := ports.As[ports.LockerAdmin](db.locker)
	if !ok {
		return 0, readFail("clean up locks", "", "", ports.ContextDone(ctx, "clean up locks", ""))
	}
	forgotten, err := admin.CleanUp(ctx)
	return forgotten, fail("clean up locks", "", "", err)
}
