package encryption

import (
	"context"
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/smarterbase/smarterbase/ports"
)

// Refresh reads the stored keyring again: one conditional read if it has not
// changed. A process looks for a key that it does not know by itself, and goes
// on to write under the old primary, which others can read, for up to a minute.
// So call it when it matters that new writes are under a new key. Keyrings that
// are not stored answer nil.
func (k *Keyring) Refresh(ctx context.Context) error {
	if k.source == nil {
		return nil
	}
	return k.refresh(ctx, func() bool { return true })
}

// refresh does nothing unless it is needed still when its turn comes.
func (k *Keyring) refresh(ctx context.Context, needed func() bool) error {
	if err := k.source.lock(ctx); err != nil {
		return err
	}
	defer k.source.unlock()
	if !needed() {
		return nil
	}
	return k.take(ctx, k.source.version)
}

// take loads the object, unless it has that version, and makes it the state.
// It needs the source's lock.
func (k *Keyring) take(ctx context.Context, unless ports.Version) error {
	at := k.source.moment() // before the request: what it answers is no older
	c, version, err := k.source.load(ctx, unless)
	switch {
	case errors.Is(err, ports.ErrNotModified):
		k.source.seen.Store(&at)
		return nil
	case err != nil:
		return err
	}
	return k.install(c, version, at)
}

func (k *Keyring) install(c *contents, version ports.Version, at moment) error {
	state, err := c.keys()
	if err != nil {
		return k.source.fail(ports.ErrCorrupt, err)
	}
	k.source.version = version
	k.state.Store(state)
	k.source.seen.Store(&at) // last: who sees it takes this state or a later one
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
// key. The primary is refused with ports.ErrPrecondition. Other processes go on
// to use the key until they have read the keyring again, those that write for
// up to a minute.
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

// Rewrap seals the keyring by another key encryption key, which is used from
// then on. Other processes must be started anew with it: those that have the old
// one go on to read, and answer writes with ports.ErrUnavailable after a minute.
// One that was told ports.ErrUnknown can be called again.
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
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	var last error
	for range attempts {
		at := s.moment()
		c, version, err := s.loadBy(ctx, kek)
		if err != nil {
			return err
		}
		if err := edit(c); err != nil {
			return err
		}
		seal := s.kek
		if kek != nil {
			seal = kek
		}
		if version, last = s.replace(ctx, c, seal, version); last == nil {
			s.kek = seal
			return k.install(c, version, at)
		}
		if !errors.Is(last, ports.ErrPrecondition) {
			return last
		}
	}
	return last
}

// loadBy is load, also where the object is sealed by another kek already: by
// an earlier Rewrap whose answer was lost. nil: no other one.
func (s *source) loadBy(ctx context.Context, other tink.AEAD) (*contents, ports.Version, error) {
	c, version, err := s.load(ctx, "")
	if err == nil || other == nil {
		return c, version, err
	}
	before := s.kek
	s.kek = other
	if c, version, otherErr := s.load(ctx, ""); otherErr == nil {
		return c, version, nil
	}
	s.kek = before
	return nil, "", err
}

// replace writes contents over a version. It knows its own success by the
// bytes, also where the answer was lost or the request was delivered twice.
func (s *source) replace(ctx context.Context, c *contents, kek tink.AEAD, version ports.Version) (ports.Version, error) {
	body, err := s.seal(c, kek)
	if err != nil {
		return "", err
	}
	var unknown error
	for range attempts {
		var made ports.Version
		if made, err = s.store.Put(ctx, s.object, body, ports.IfVersion(version)); err == nil {
			return made, nil
		}
		if errors.Is(err, ports.ErrUnknown) {
			unknown = err
		} else if unknown != nil {
			err = unknown // that one may have arrived meanwhile, and been replaced
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
