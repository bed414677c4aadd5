package ports

import (
	"context"
	"time"
)

// Locker hands out leases on names. A lease is a promise of politeness: two
// holders may believe in it at once when one of them sleeps longer than its
// ttl. Safety comes from the fencing token, which the protected resource checks.
//
// [LK-CTX-1] A call whose context is done MUST answer an error matching
// ctx.Err() and hold nothing. [LK-RAC-1] All methods MUST be safe for
// concurrent use.
type Locker interface {
	// Acquire takes the lease on name if it is free or expired, without
	// waiting. [LK-ACQ-1] While another lease on it is valid it MUST answer
	// ErrBusy. [LK-ACQ-2] Of any number of concurrent calls exactly one MUST
	// succeed. [LK-ACQ-3] The token MUST be greater than every token ever
	// handed out for that name, also after release, expiry and restart. ttl is
	// at least 10 ms; less, or an empty name, MUST be refused with
	// ErrInvalidKey.
	Acquire(ctx context.Context, name string, ttl time.Duration) (Lease, error)

	// List returns the names of all leases that are held now. [LK-LST-1] It
	// MUST hold each valid lease, and no released one.
	List(ctx context.Context) ([]LeaseInfo, error)

	// ForceRelease ends the lease with that name and token, whoever holds it.
	// [LK-FRC-1] With any other token it MUST change nothing and answer
	// ErrLost, so that a clean-up never hits a newer holder.
	ForceRelease(ctx context.Context, name string, token uint64) error
}

// Lease is one holder's side of a lock.
type Lease interface {
	// Name and Token identify the lease.
	Name() string
	Token() uint64

	// Renew extends the lease by its ttl from now. [LK-REN-1] Once the lease
	// expired, was released or was taken over it MUST answer ErrLost, for ever.
	Renew(ctx context.Context) error

	// Release gives the lease up. [LK-REL-1] After it others can acquire at
	// once; releasing a lease that is gone MUST answer nil and not touch a
	// newer holder.
	Release(ctx context.Context) error

	// Lost is closed as soon as the holder can know that the lease is gone.
	// [LK-LOS-1] It MUST be closed at the latest when the ttl since the last
	// successful Acquire or Renew has passed on the holder's own clock.
	Lost() <-chan struct{}
}

// LockerAdmin is implemented by lockers that describe one lease without a list
// of all, and that keep something of leases which ran out. It is found through
// As. Its calls are bound by LK-CTX-1 and LK-RAC-1, too.
type LockerAdmin interface {
	// Info describes the lease on name. [LK-INF-1] While it is valid that MUST
	// be what List says of it; where there is none, Info MUST answer
	// ErrNotFound.
	Info(ctx context.Context, name string) (LeaseInfo, error)

	// CleanUp forgets leases that ran out and answers how many. [LK-CLN-1] It
	// MUST NOT end a valid lease, and tokens MUST still grow after it.
	CleanUp(ctx context.Context) (int, error)
}

// LeaseInfo describes a held lease to an operator.
type LeaseInfo struct {
	Name      string
	Token     uint64
	Holder    string // free text, such as host and process
	Remaining time.Duration
}
