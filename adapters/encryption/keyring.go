package encryption

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

// Keyring holds the keys of stores: one primary, under which everything is
// written, and others under which something may have been. It is made by
// FromKey, FromText, FromHandles or OpenKeyring, and safe for concurrent use.
type Keyring struct {
	state  atomic.Pointer[keys]
	source *source // nil: the keys never change
}

// FromKey returns a keyring of raw keys of KeySize random bytes. What is written
// is under primary; older ones are for reading. They are copied.
func FromKey(primary []byte, older ...[]byte) (*Keyring, error) {
	roots := make([]root, 0, 1+len(older))
	for i, key := range slices.Insert(slices.Clone(older), 0, primary) {
		r, err := newRoot(key)
		if err != nil {
			return nil, refuseKeyring(fmt.Errorf("key %d of %d: %w", i+1, 1+len(older), err))
		}
		roots = append(roots, r)
	}
	k, err := keysOf(roots[0].id, roots)
	if err != nil {
		return nil, refuseKeyring(err)
	}
	return fixed(k), nil
}

// FromText is FromKey for keys as KeyFromText reads them, separated by commas,
// the primary first. It is what an environment variable such as
// SB_ENCRYPTION_KEY holds: to rotate, put a new key in front.
func FromText(text string) (*Keyring, error) {
	var raw [][]byte
	for i, part := range strings.Split(text, ",") {
		key, err := KeyFromText(part)
		if err != nil {
			return nil, refuseKeyring(fmt.Errorf("key %d: %w", i+1, err))
		}
		raw = append(raw, key)
	}
	return FromKey(raw[0], raw[1:]...)
}

func fixed(k *keys) *Keyring {
	keyring := &Keyring{}
	keyring.state.Store(k)
	return keyring
}

func refuseKeyring(err error) error {
	return ports.Fail("open keyring", "", ports.ErrInvalidKey, err)
}

// Primary returns the id of the key under which documents are written.
func (k *Keyring) Primary() KeyID { return k.current().document }

// Keys describes the keys as this process knows them, the order being that in
// which they were added or given.
func (k *Keyring) Keys() []KeyInfo { return slices.Clone(k.current().infos) }

func (k *Keyring) current() *keys { return k.state.Load() }

// having returns the keys, with that of the header among them. Where another
// process may have added it since, the keyring is read again.
func (k *Keyring) having(ctx context.Context, op, key string, h header) (*keys, error) {
	state := k.current()
	if state.knows(h) {
		return state, nil
	}
	if k.source != nil {
		if err := k.refresh(ctx, func() bool { return k.current() == state }); err != nil {
			return nil, lookFailure(ctx, op, key, "looking for key "+h.key.String(), err)
		}
		if state = k.current(); state.knows(h) {
			return state, nil
		}
	}
	return nil, ports.Fail(op, key, ports.ErrCorrupt, fmt.Errorf("%w: %s", ErrNoKey, h.key))
}

// writing returns the keys to write with. A keyring that is stored is read
// again if its state is too old for that.
func (k *Keyring) writing(ctx context.Context, op, key string) (*keys, error) {
	if k.source != nil && !k.source.fresh() {
		if err := k.refresh(ctx, func() bool { return !k.source.fresh() }); err != nil {
			return nil, lookFailure(ctx, op, key, "finding out whether the keyring has changed", err)
		}
	}
	return k.current(), nil
}

// stillThere answers an error if the key for streams was taken away since it
// was used for writing.
func (k *Keyring) stillThere(ctx context.Context, op, key string, id KeyID) error {
	state, err := k.writing(ctx, op, key)
	if err != nil {
		return err
	}
	if _, ok := state.streams[id]; !ok {
		return fmt.Errorf("key %s was taken away while the object was written", id)
	}
	return nil
}

// lookFailure takes the failure of the other call over as text: its outcome is
// not that of this one.
func lookFailure(ctx context.Context, op, key, doing string, err error) error {
	if done := ports.ContextDone(ctx, op, key); done != nil {
		return done
	}
	return ports.Fail(op, key, ports.ErrUnavailable, errors.New(doing+": "+err.Error()))
}

// object returns the key of the object that holds the keyring, empty if none
// does.
func (k *Keyring) object() string {
	if k.source == nil {
		return ""
	}
	return k.source.object
}

func (k *Keyring) isObject(key string) bool { return k.source != nil && key == k.source.object }

var errNotStored = errors.New("these keys are not stored: only a keyring of OpenKeyring can be changed")
