package txn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/ports"
)

// Write is the change of one object by a transaction.
type Write struct {
	Base cas.State // what it replaces: read, not locked, and with its bytes as they were
	Body []byte    // what it will be

	locked cas.State
	held   bool
	staged string
}

// Attempt is one run of one transaction. It is used by one goroutine.
type Attempt struct {
	*Resolver
	ID      string
	Reads   bool          // it rests on what it only reads
	Wait    time.Duration // for how long others are asked to wait for it
	Careful bool          // lock one object before all others: it has lost a race before
	Workers int           // requests at once

	writes []*Write
	began  cas.State // stamped before the first lock
	sent   bool      // the commit may be under way
	inline int       // bytes that the decision will hold
	stages int       // values beside it
	unsure atomic.Bool
}

// MaxDuration is how long after its first lock a transaction may still commit.
const MaxDuration = cas.MaxAge

// Errors that say why an attempt can't commit, besides ports.ErrPrecondition:
// another writer came first.
var (
	ErrTooLate = errors.New("the transaction took too long")
	ErrEnded   = errors.New("the transaction was ended before its commit arrived")
)

// NewID makes the name of an attempt, which nobody else has: its time in
// milliseconds and 86 random bits.
func NewID(now time.Time, random func() uint64) string {
	return revision.Next(0, now, random()).String() + revision.Revision(random()>>1).String()
}

// Lock puts a lock over more objects that are to be written, and stages what is
// too large for the decision. After an error the attempt must be aborted.
func (a *Attempt) Lock(ctx context.Context, writes ...*Write) error {
	if len(a.writes) == 0 {
		a.began = a.Registers.Absent(layout.DecisionKey(a.ID))
	}
	slices.SortFunc(writes, func(x, y *Write) int { return strings.Compare(x.Base.Key, y.Base.Key) })
	a.writes = append(a.writes, writes...)
	a.stage(writes)
	if a.Careful && len(writes) > 0 {
		// Those who lost a race for the same objects now take turns at the first
		// of them, instead of each getting some and none all.
		if err := a.lock(ctx, writes[0]); err != nil {
			return err
		}
		writes = writes[1:]
	}
	errs := make([]error, len(writes))
	var failed atomic.Bool
	tasks.Parallel(a.Workers, len(writes), func(i int) {
		if failed.Load() {
			return // nothing will come of it
		}
		if errs[i] = a.lock(ctx, writes[i]); errs[i] != nil {
			failed.Store(true)
		}
	})
	return firstOf(errs)
}

func firstOf(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Attempt) lock(ctx context.Context, w *Write) (err error) {
	if w.staged != "" {
		if _, err := a.Registers.Replace(ctx, a.Registers.Absent(w.staged), w.Body, nil); err != nil {
			return err
		}
	}
	var before []byte
	if w.Base.Exists {
		before = w.Base.Body
	}
	lock := document.Lock{ID: a.ID, Reads: a.Reads, At: a.Registers.Clock.Now().UTC().Truncate(time.Millisecond), Wait: a.Wait.String()}
	body, err := lock.Over(before)
	if err != nil {
		return fmt.Errorf("%w: %w: %s", ports.ErrCorrupt, err, w.Base.Key)
	}
	w.locked, err = a.Registers.Replace(ctx, w.Base, body, nil)
	w.held = err == nil
	gone := errors.Is(err, ports.ErrPrecondition) || errors.Is(err, cas.ErrTooOld)
	if errors.Is(err, ports.ErrUnknown) || err != nil && !gone {
		a.unsure.Store(true) // the lock may be there, or come
	}
	return err
}

// Decide commits the attempt, if gate lets the request be sent and nobody has
// ended it. An error that matches ports.ErrUnknown leaves open whether it is
// committed. After every other error it is not, and must be aborted.
func (a *Attempt) Decide(ctx context.Context, gate cas.Gate) error {
	d := &Decision{Committed: true}
	for _, w := range a.writes {
		outcome := Outcome{Key: w.Base.Key, Body: w.Body, Staged: w.staged}
		d.Writes = append(d.Writes, outcome)
	}
	body, err := d.encode(a.Registers.Clock.Now())
	if err != nil {
		return err
	}
	_, err = a.Registers.Replace(ctx, a.began, body, a.gate(gate))
	switch {
	case errors.Is(err, cas.ErrTooOld) && !a.sent:
		return fmt.Errorf("%w: %w", ErrTooLate, err)
	case err == nil || !a.sent:
		return err
	case !errors.Is(err, ports.ErrUnknown) && !errors.Is(err, ports.ErrPrecondition):
		a.sent = false // the store refused it
		return err
	}
	if ctx.Err() != nil {
		return ports.Fail("commit", a.began.Key, ports.ErrUnknown, err)
	}
	decided, abortErr := a.abort(ctx, a.ID)
	switch {
	case abortErr != nil:
		return ports.Fail("commit", a.began.Key, ports.ErrUnknown, errors.Join(err, abortErr))
	case decided.Committed:
		return nil
	case !a.Registers.Fresh(a.began):
		// So long after, the decision may have been removed, and another made.
		return ports.Fail("commit", a.began.Key, ports.ErrUnknown, err)
	default:
		// Whatever was unknown before: that it is not committed is known now.
		return fmt.Errorf("%w: %w", ErrEnded, errors.New(err.Error()))
	}
}

// Sent reports whether the commit may be, or have been, under way.
func (a *Attempt) Sent() bool { return a.sent }

// gate refuses to commit too late, and notes that the commit is sent.
func (a *Attempt) gate(inner cas.Gate) cas.Gate {
	return func(ctx context.Context) (context.Context, context.CancelFunc, error) {
		if !a.Registers.Fresh(a.began) {
			return nil, nil, cas.Refuse(ErrTooLate)
		}
		ctx, cancel, err := inner(ctx)
		a.sent = a.sent || err == nil
		return ctx, cancel, err
	}
}

// Finish replaces the locks of a committed attempt by its outcome. What fails
// is left to whoever meets it.
func (a *Attempt) Finish(ctx context.Context) error {
	errs := make([]error, len(a.writes))
	tasks.Parallel(a.Workers, len(a.writes), func(i int) {
		w := a.writes[i]
		if _, err := a.Registers.Replace(ctx, w.locked, w.Body, nil); !errors.Is(err, ports.ErrPrecondition) {
			errs[i] = err // otherwise somebody was faster
		}
	})
	if err := firstOf(errs); err != nil {
		return fmt.Errorf("finish transaction: %w", err)
	}
	return a.unstage(ctx)
}
