package encryption

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/smarterbase/smarterbase/ports"
)

// Refresh reads the stored keyring again: one conditional read if it has not
// changed. A process that goes on with an old state writes under the old
// primary, which others can read; and a key that it does not know it looks for
// by itself. So call it when it matters that new writes are under a new key.
// Keyrings that are not stored answer nil.
func (k *Keyring) Refresh(ctx context.Context) error {
	if k.source == nil {
		return nil
	}
	return k.refresh(ctx, k.current())
}

// refresh does nothing if the state is another one than seen already.
func (k *Keyring) refresh(ctx context.Context, seen *keys) error {
	k.source.mu.Lock()
	defer k.source.mu.Unlock()
	if k.current() != seen {
		return nil
	}
	err := k.take(ctx, k.source.version)
	if errors.Is(err, ports.ErrNotModified) {
		return nil
	}
	return err
}

// take loads the object and makes it the state. It needs the source's lock.
func (k *Keyring) take(ctx context.Context, unless ports.Version) error {
	c, version, err := k.source.load(ctx, unless)
	if err != nil {
		return err
	}
	return k.install(c, version)
}

func (k *Keyring) install(c *contents, version ports.Version) error {
	state, err := c.keys()
	if err != nil {
		return k.source.fail(ports.ErrCorrupt, err)
	}
	k.source.version = version
	k.state.Store(state)
	return nil
}

// Rotate adds a random key and makes it the primary. What was written before
// stays readable; Reencrypt moves it. Keyrings that are not stored answer
// ports.ErrUnsupported: give a new one the new key first.
func (k *Keyring) Rotate(ctx context.Context) (id KeyID, err error) {
	err = k.change(ctx, func(c *contents) (err error) {
		id, err = c.addNew(k.source.clock.Now())
		return err
	})
	if err != nil {
		id = 0
	}
	return id, err
}

// Disable lets a key be used for nothing. It stays in the keyring, so that
// Enable can bring it back: use it to find out whether anything still needs the
// key. The primary is refused with ports.ErrPrecondition.
func (k *Keyring) Disable(ctx context.Context, id KeyID) error {
	return k.change(ctx, func(c *contents) error { return c.mark(k.source, id, true) })
}

// Enable brings a disabled key back, for reading.
func (k *Keyring) Enable(ctx context.Context, id KeyID) error {
	return k.change(ctx, func(c *contents) error { return c.mark(k.source, id, false) })
}

func (c *contents) mark(s *source, id KeyID, disabled bool) error {
	key := c.find(id)
	switch {
	case key == nil:
		return s.fail(ports.ErrNotFound, fmt.Errorf("%w: %s", ErrNoKey, id))
	case disabled && c.Primary == id.String():
		return s.fail(ports.ErrPrecondition, fmt.Errorf("key %s is the primary; rotate first", id))
	}
	key.Disabled = disabled
	return nil
}

// Destroy removes a key for ever, if it is disabled and none of the objects of
// inner is under it, which is looked at one by one; otherwise the answer is
// ports.ErrPrecondition. Processes that have not refreshed their keyring since
// the key was the primary may still write under it: make sure that there are
// none.
func (k *Keyring) Destroy(ctx context.Context, id KeyID, inner ports.ObjectStore) error {
	if k.source == nil {
		return ports.Fail("change keyring", "", ports.ErrUnsupported, errNotStored)
	}
	for info, err := range inner.List(ctx, ports.ListOptions{KeysOnly: true}) {
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
	return k.change(ctx, func(c *contents) error {
		if key := c.find(id); key == nil || !key.Disabled {
			return k.source.fail(ports.ErrPrecondition, fmt.Errorf("key %s is not a disabled key of the keyring", id))
		}
		c.Keys = slices.DeleteFunc(c.Keys, func(key storedKey) bool { return key.ID == id.String() })
		return nil
	})
}

// Rewrap seals the keyring by another key encryption key, which is used from
// then on. Other processes must be started with it before they next read the
// keyring.
func (k *Keyring) Rewrap(ctx context.Context, kek tink.AEAD) error {
	if kek == nil {
		return refuseKeyring(errors.New("there is no key encryption key"))
	}
	return k.changeTo(ctx, kek, func(*contents) error { return nil })
}

func (k *Keyring) change(ctx context.Context, edit func(*contents) error) error {
	return k.changeTo(ctx, nil, edit)
}

// changeTo reads the object, edits it and writes it back by compare-and-swap,
// until nobody came in between. kek seals it from now on; nil: as before.
func (k *Keyring) changeTo(ctx context.Context, kek tink.AEAD, edit func(*contents) error) error {
	s := k.source
	if s == nil {
		return ports.Fail("change keyring", "", ports.ErrUnsupported, errNotStored)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.kek
	if kek == nil {
		kek = old
	}
	var last error
	for range attempts {
		c, version, err := s.load(ctx, "")
		if err != nil {
			return err
		}
		if err := edit(c); err != nil {
			return err
		}
		if version, last = s.replace(ctx, c, kek, version); last == nil {
			s.kek = kek
			return k.install(c, version)
		}
		if !errors.Is(last, ports.ErrPrecondition) {
			return last
		}
	}
	return last
}

// replace writes contents over a version. It knows its own success by the
// bytes, also where the answer was lost or the request was delivered twice.
func (s *source) replace(ctx context.Context, c *contents, kek tink.AEAD, version ports.Version) (ports.Version, error) {
	body, err := s.seal(c, kek)
	if err != nil {
		return "", err
	}
	for range attempts {
		var made ports.Version
		if made, err = s.store.Put(ctx, s.object, body, ports.IfVersion(version)); err == nil {
			return made, nil
		}
		if !errors.Is(err, ports.ErrUnknown) && !errors.Is(err, ports.ErrPrecondition) {
			break
		}
		o, getErr := s.store.Get(ctx, s.object, ports.GetOptions{})
		switch {
		case getErr != nil:
			return "", err
		case string(o.Data) == string(body):
			return o.Version, nil
		case o.Version != version:
			return "", err // where it is unknown, ours may have been there in between
		}
	}
	return "", err
}
