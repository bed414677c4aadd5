package redis

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	tokenDigits = 16
	epochBits   = 22
	countBits   = 40

	// epochTries is how often an Acquire meets a server without memory before
	// it gives up.
	epochTries = 4
)

// epochs lets one call of a Locker at a time begin an epoch.
type epochs struct {
	turn  chan struct{}
	nonce string // of whoever has the turn
}

func newEpochs() epochs { return epochs{turn: make(chan struct{}, 1), nonce: randomName()} }

// newEpoch makes Redis count tokens under a new epoch, unless somebody else
// has done so meanwhile.
func (l *Locker) newEpoch(ctx context.Context, name string) error {
	const op = "begin epoch"
	select {
	case l.epochs.turn <- struct{}{}:
		defer func() { <-l.epochs.turn }()
	case <-ctx.Done():
		return ports.ContextDone(ctx, op, name)
	}
	answer, err := l.fence(ctx, name, "")
	switch {
	case err != nil || answer == "ready":
		return err
	case answer == "unnamed":
		return ports.Fail(op, name, ports.ErrUnsupported, errors.New("the server does not tell its run_id and master_replid"))
	}
	epoch, err := l.opts.Epoch(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return ports.ContextDone(ctx, op, name)
	case err != nil:
		// Its own outcome is not that of this call, which has changed nothing.
		return ports.Fail(op, name, ports.ErrUnavailable, errors.New("LockerOptions.Epoch: "+err.Error()))
	case epoch >= 1<<epochBits:
		return ports.Fail(op, name, ports.ErrTooLarge, fmt.Errorf("LockerOptions.Epoch answers %d, which has more than %d bits", epoch, epochBits))
	}
	answer, err = l.fence(ctx, name, fmt.Sprintf("%06x", 1<<epochBits|epoch))
	// A fence without an answer may come late, into another memory. It must not
	// find its nonce there.
	l.epochs.nonce = randomName()
	switch {
	case errors.Is(err, ports.ErrUnknown):
		return ports.Fail(op, name, ports.ErrUnavailable, errors.New("no answer")) // no lease was asked for
	case err == nil && answer == "old":
		return ports.Fail(op, name, ports.ErrUnavailable, fmt.Errorf("LockerOptions.Epoch answers %d, which is not above what it answered before", epoch))
	default:
		return err
	}
}

// fence answers "ready" where tokens can be counted, "claimed" where an epoch
// that is asked for from now on would be taken, "old" where it was too small.
func (l *Locker) fence(ctx context.Context, name, epoch string) (string, error) {
	answer, err := l.client.run(ctx, "begin epoch", name, fenceScript, l.keys[2:], l.epochs.nonce, epoch)
	if err != nil {
		return "", err
	}
	return answer[0], nil
}

// parseToken reads the digits of a token.
func parseToken(text string) (uint64, error) {
	if len(text) < tokenDigits {
		return 0, errors.New("a token has too few digits")
	}
	return strconv.ParseUint(text[:tokenDigits], 16, 64)
}

// formatToken writes the digits of a token.
func formatToken(token uint64) string { return fmt.Sprintf("%0*x", tokenDigits, token) }
