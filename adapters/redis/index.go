package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	_ ports.Index  = (*Index)(nil)
	_ io.Closer    = (*Index)(nil)
	_ ports.Pinger = (*Index)(nil)
)

// MaxEntries is the greatest number of entries of one Begin or End; more are
// refused with ports.ErrTooLarge. The server does nothing else while it adds
// them, which takes about a microsecond an entry.
const MaxEntries = 100_000

// Index is an index on the server. It is safe for concurrent use.
type Index struct {
	client *Client
	owned  bool // Close closes the client, too
	closed atomic.Bool
}

// Index returns an index on this client. All indexes of one namespace on one
// server are clients of the same memory.
func (c *Client) Index() *Index { return &Index{client: c} }

// Ping answers nil if the server answers with these credentials.
func (x *Index) Ping(ctx context.Context) error {
	if err := x.open("ping", ""); err != nil {
		return err
	}
	return x.client.Ping(ctx)
}

// Install sets the epoch of a space. It is sent at most once.
func (x *Index) Install(ctx context.Context, space string, regime ports.Regime) error {
	if err := ports.ValidateInstall(space, regime); err != nil {
		return err
	}
	_, err := x.call(ctx, "install", space, installScript, []string{x.head(space)}, regime.Epoch, regime.Identity)
	return err
}

// Begin adds entries and counts itself, in one request whatever their number.
func (x *Index) Begin(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.write(ctx, "begin", space, beginScript, regime, entries)
}

// End removes entries, in one request whatever their number.
func (x *Index) End(ctx context.Context, space string, regime ports.Regime, entries []ports.Entry) error {
	return x.write(ctx, "end", space, endScript, regime, entries)
}

func (x *Index) write(ctx context.Context, op, space string, s *script, regime ports.Regime, entries []ports.Entry) error {
	if err := ports.ValidateEntries(op, space, entries); err != nil {
		return err
	}
	if len(entries) > MaxEntries {
		return ports.Fail(op, space, ports.ErrTooLarge, fmt.Errorf("%d entries are more than %d", len(entries), MaxEntries))
	}
	keys, args := x.bySet(space, regime, entries)
	_, err := x.call(ctx, op, space, s, keys, args...)
	return err
}

// bySet arranges entries as the scripts want them: one key a set, and for each
// the number of its members followed by these.
func (x *Index) bySet(space string, regime ports.Regime, entries []ports.Entry) (keys []string, args []any) {
	keys = append(make([]string, 0, 8), x.head(space))
	args = append(make([]any, 0, len(entries)+10), regime.Epoch, regime.Identity)
	places := make(map[string]int, 8)
	var members [][]any
	for _, e := range entries {
		at, known := places[e.Set]
		if !known {
			at = len(members)
			places[e.Set] = at
			members = append(members, make([]any, 0, 4))
			keys = append(keys, x.set(space, e.Set))
		}
		members[at] = append(members[at], string(e.Member)) // a copy: the call may outlive its context
	}
	for _, list := range members {
		args = append(append(args, len(list)), list...)
	}
	return keys, args
}

// Drop forgets a set, or a whole space. The server frees the memory in the
// background.
func (x *Index) Drop(ctx context.Context, space, set string) error {
	if err := ports.ValidateDrop(space, set); err != nil {
		return err
	}
	s, keys := dropSpaceScript, []string{x.head(space)}
	if set != "" {
		s, keys = dropSetScript, append(keys, x.set(space, set))
	}
	_, err := x.call(ctx, "drop", space, s, keys)
	return err
}

// Close ends this index; every later call answers ports.ErrClosed. An index
// that was opened by URL closes its connections, too.
func (x *Index) Close() error {
	if x.closed.Swap(true) || !x.owned {
		return nil
	}
	return x.client.Close()
}

func (x *Index) open(op, space string) error {
	if x.closed.Load() {
		return ports.Fail(op, space, ports.ErrClosed, nil)
	}
	return nil
}

// call runs a script on a space and returns what it answered but for the last
// string, which says whether the regime holds.
func (x *Index) call(ctx context.Context, op, space string, s *script, keys []string, args ...any) ([]string, error) {
	if err := x.open(op, space); err != nil {
		return nil, err
	}
	values, err := x.client.run(ctx, op, space, s, keys, args...)
	if err != nil {
		return nil, err
	}
	if len(values) == 0 {
		return nil, ports.Fail(op, space, ports.ErrCorrupt, errors.New("the script answered nothing"))
	}
	last := len(values) - 1
	if values[last] == "ok" {
		return values[:last], nil
	}
	return nil, ports.Fail(op, space, ports.ErrStale, whyStale(values[last]))
}

func whyStale(reason string) error {
	switch reason {
	case "epoch":
		return errors.New("another epoch")
	case "identity":
		return errors.New("another identity: the server was restarted, replaced or failed over, or the slot moved")
	default:
		return errors.New("entries are gone: a key of the index was evicted or deleted")
	}
}

// head and set name the keys of a space. The scripts rely on their ends.
func (x *Index) head(space string) string     { return x.client.key("ix", space, "head") }
func (x *Index) set(space, set string) string { return x.client.key("ix", space, "set", set) }
