package encryption

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// How long a write that was encrypted may take to appear in the inner store:
// where requests are late, as long as services accept a signed one.
const (
	arrival     = time.Minute
	lateArrival = 15 * time.Minute
)

// Destroy removes a key for ever, if it is disabled and none of the objects of
// inner is under it, which is looked at one by one; otherwise the answer is
// ports.ErrPrecondition. It looks only after all that processes with an older
// state of the keyring may still write under the key has arrived: it waits for
// 2 minutes, and for 16 where inner has LateWrites.
//
// It does not know of other stores under this keyring, nor of processes that
// have the key from elsewhere (FromKey), nor of one that is stopped for longer
// than that between encrypting an object and sending it.
func (k *Keyring) Destroy(ctx context.Context, id KeyID, inner ports.ObjectStore) error {
	switch {
	case k.source == nil:
		return ports.Fail("change keyring", "", ports.ErrUnsupported, errNotStored)
	case inner == nil:
		return ports.Fail("change keyring", k.source.object, ports.ErrInvalidKey, errors.New("there is no inner store"))
	}
	// A disabled key never becomes the primary again.
	if err := k.Refresh(ctx); err != nil {
		return err
	}
	disabled := func(key KeyInfo) bool { return key.ID == id && key.Disabled }
	if !slices.ContainsFunc(k.Keys(), disabled) {
		return k.notDisabled(id)
	}
	wait := stateAge + arrival
	if inner.Capabilities().LateWrites {
		wait = stateAge + lateArrival
	}
	if err := k.source.clock.Sleep(ctx, wait); err != nil {
		return ports.Fail("change keyring", k.source.object, err, context.Cause(ctx))
	}
	if err := k.unused(ctx, id, inner); err != nil {
		return err
	}
	return k.change(ctx, func(c *contents) error {
		if key := c.find(id); key == nil || !key.Disabled {
			return k.notDisabled(id)
		}
		c.Keys = slices.DeleteFunc(c.Keys, func(key storedKey) bool { return key.ID == id.String() })
		return nil
	})
}

func (k *Keyring) notDisabled(id KeyID) error {
	return k.source.fail(ports.ErrPrecondition, fmt.Errorf("key %s is not a disabled key of the keyring", id))
}

// unused answers an error if an object of inner is under the key.
func (k *Keyring) unused(ctx context.Context, id KeyID, inner ports.ObjectStore) error {
	for info, err := range inner.List(marked(ctx, k), ports.ListOptions{KeysOnly: true}) {
		if err != nil {
			return err
		}
		h, err := headerOf(ctx, inner, info.Key)
		switch {
		case errors.Is(err, ports.ErrNotFound), errors.Is(err, ErrNotEncrypted):
		case err != nil:
			return err
		case h.key == id:
			return k.source.fail(ports.ErrPrecondition, fmt.Errorf("the object %q is under key %s", info.Key, id))
		}
	}
	return nil
}
