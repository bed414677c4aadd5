package lease

import (
	"context"

	"github.com/smarterbase/smarterbase/ports"
)

// Checker is a lease that can find out whether it is still the current one.
type Checker interface {
	// Check answers nil if the lease was held at a moment during the call and,
	// hence, without a break since it was acquired; ErrLost if another holder
	// has it, or nobody. That its ttl has passed alone does not matter: as long
	// as nobody took it over, nobody else has acted under it. Renewals change
	// nothing. One request.
	Check(ctx context.Context) error
}

var _ Checker = (*lease)(nil)

// Check does not take the turn: it may run beside a Renew, which keeps the
// owner.
func (s *lease) Check(ctx context.Context) error {
	_, r, err := s.look(ctx)
	if err != nil {
		return err
	}
	if !s.owns(r) {
		s.end()
		return s.notOurs(r)
	}
	return nil
}

// CheckerOf finds the Checker of a lease that is kept in a store, also one that
// is wrapped.
func CheckerOf(lease ports.Lease) (Checker, bool) { return ports.As[Checker](lease) }
