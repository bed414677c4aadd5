package encryption

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/smarterbase/smarterbase/ports"
)

// DefaultObject is the key of the object in which OpenKeyring keeps a keyring.
const DefaultObject = "_sb/keys/keyring.json"

// KeyringOptions refine OpenKeyring. The zero value is useful.
type KeyringOptions struct {
	// Object is the key of the object; empty: DefaultObject. Stores with this
	// keyring refuse that key and leave it out of lists.
	Object string

	// Adopt are raw keys, as for FromKey, that become part of the keyring, for
	// reading: those under which objects were written before there was one.
	Adopt [][]byte

	// Clock says when keys were made, for people to read, and when the object
	// has to be looked at again, and waits in Destroy; nil: the machine's.
	Clock ports.Clock
}

// OpenKeyring returns the keyring that is stored, as an object, in store,
// which is the inner one and not encrypted. The object is sealed by kek, a key
// encryption key: a client of a KMS, such as tink-go-awskms or tink-go-gcpkms
// make, or any other tink.AEAD. It is asked once when the keyring is opened
// and at each change.
//
// Who writes reads the object again, on condition that it has changed, when
// that was last done a minute ago; a write that can't do so answers
// ports.ErrUnavailable.
//
// A keyring that is not there is made, with one key, by a create-only write: of
// several processes at once all get the same. It is not made where one of the
// first 20 objects is encrypted already, under a key that is not adopted, since
// it could not be read: then the keyring was lost, or is elsewhere, and the
// error matches ports.ErrNotFound.
//
// Keep a copy of the object: without it, or without the kek, everything is lost.
func OpenKeyring(ctx context.Context, store ports.ObjectStore, kek tink.AEAD, opts KeyringOptions) (*Keyring, error) {
	if store == nil || kek == nil {
		return nil, refuseKeyring(errors.New("there is no store or no key encryption key"))
	}
	if opts.Object == "" {
		opts.Object = DefaultObject
	}
	if opts.Clock == nil {
		opts.Clock = ports.SystemClock()
	}
	k := &Keyring{source: newSource(store, kek, opts)}
	err := k.Refresh(ctx)
	if errors.Is(err, ports.ErrNotFound) {
		err = k.create(ctx, opts.Adopt)
	}
	if err != nil {
		return nil, err
	}
	return k, k.adopt(ctx, opts.Adopt)
}

// create makes the object, or takes the one that another process made.
func (k *Keyring) create(ctx context.Context, adopted [][]byte) error {
	s := k.source
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	c := &contents{}
	if _, err := c.addNew(s.clock.Now()); err != nil {
		return s.fail(ports.ErrUnavailable, err)
	}
	// One body for all attempts: whichever of them lands, it is the same.
	body, err := s.seal(c, s.kek)
	if err != nil {
		return err
	}
	orphan := s.orphan(ctx, adopted)
	for range attempts {
		if orphan == nil {
			_, err = s.store.Put(ctx, s.object, body, ports.IfAbsent)
			if err != nil && !errors.Is(err, ports.ErrPrecondition) && !errors.Is(err, ports.ErrUnknown) {
				return err
			}
		}
		err = k.take(ctx, "")
		if !errors.Is(err, ports.ErrNotFound) {
			return err
		}
		if orphan != nil {
			return orphan
		}
	}
	return err
}

// orphanLook is how many objects are looked at before a keyring is made.
const orphanLook = 20

// orphan answers an error if there are objects already that a new keyring could
// not decrypt.
func (s *source) orphan(ctx context.Context, adopted [][]byte) error {
	known := &contents{}
	if err := known.addAll(adopted, s.clock.Now()); err != nil {
		return refuseKeyring(fmt.Errorf("option Adopt: %w", err))
	}
	for info, err := range s.store.List(ctx, ports.ListOptions{Limit: orphanLook, KeysOnly: true}) {
		if err != nil {
			return err
		}
		h, err := headerOf(ctx, s.store, info.Key)
		switch {
		case errors.Is(err, ports.ErrNotFound), errors.Is(err, ErrNotEncrypted):
		case err != nil:
			return err
		case known.find(h.key) == nil:
			return s.fail(ports.ErrNotFound, fmt.Errorf("the object %q is encrypted under key %s, and there is no keyring", info.Key, h.key))
		}
	}
	return nil
}

// headerOf reads the header of an object. An object that is plaintext answers
// ErrNotEncrypted.
func headerOf(ctx context.Context, store ports.ObjectStore, key string) (header, error) {
	o, err := store.Get(ctx, key, ports.GetOptions{Range: ports.Range{Length: headerLength}})
	if err != nil {
		return header{}, err
	}
	h, err := parseHeader(o.Data)
	if err != nil {
		err = ports.Fail("get", key, ports.ErrCorrupt, err)
	}
	return h, err
}

// adopt adds raw keys that are not there yet.
func (k *Keyring) adopt(ctx context.Context, raw [][]byte) error {
	missing := false
	for _, key := range raw {
		r, err := newRoot(key)
		if err != nil {
			return refuseKeyring(fmt.Errorf("option Adopt: %w", err))
		}
		missing = missing || !slices.ContainsFunc(k.Keys(), func(known KeyInfo) bool { return known.ID == r.id })
	}
	if !missing {
		return nil
	}
	return k.change(ctx, func(c *contents) error { return c.addAll(raw, k.source.clock.Now()) })
}
