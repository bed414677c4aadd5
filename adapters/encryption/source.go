package encryption

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/smarterbase/smarterbase/ports"
)

// source is the object that holds a keyring.
type source struct {
	store  ports.ObjectStore
	object string
	clock  ports.Clock

	// turn holds a value while somebody reads or changes the object. Who waits
	// for it can give up.
	turn    chan struct{}
	kek     tink.AEAD
	version ports.Version // of the state that the keyring has

	seen atomic.Pointer[moment] // when that was last known to be the latest one
}

func newSource(store ports.ObjectStore, kek tink.AEAD, opts KeyringOptions) *source {
	return &source{store: store, object: opts.Object, clock: opts.Clock, kek: kek, turn: make(chan struct{}, 1)}
}

func (s *source) lock(ctx context.Context) error {
	if err := ports.ContextDone(ctx, "open keyring", s.object); err != nil {
		return err
	}
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ports.ContextDone(ctx, "open keyring", s.object)
	}
}

func (s *source) unlock() { <-s.turn }

// envelope is the object: JSON, so that people see what it is.
type envelope struct {
	Smarterbase string `json:"smarterbase"`
	Format      int    `json:"format"`
	Sealed      []byte `json:"sealed"`
}

const envelopeName = "keyring"

// contents are what is sealed.
type contents struct {
	// Write is drawn anew for each write, so that a writer whose answer was
	// lost sees whether it succeeded.
	Write   string      `json:"write"`
	Primary string      `json:"primary"`
	Keys    []storedKey `json:"keys"`
}

type storedKey struct {
	ID       string    `json:"id"`
	Created  time.Time `json:"created"`
	Disabled bool      `json:"disabled,omitempty"`
	Root     []byte    `json:"root"`
}

// find returns the key of that id, nil if there is none.
func (c *contents) find(id KeyID) *storedKey {
	for i := range c.Keys {
		if c.Keys[i].ID == id.String() {
			return &c.Keys[i]
		}
	}
	return nil
}

// add adds a raw key, unless it is there.
func (c *contents) add(key []byte, now time.Time) (KeyID, error) {
	r, err := newRoot(key)
	if err != nil {
		return 0, err
	}
	if found := c.find(r.id); found == nil {
		c.Keys = append(c.Keys, storedKey{ID: r.id.String(), Created: now.UTC().Truncate(time.Second), Root: key})
	} else if string(found.Root) != string(key) {
		return 0, fmt.Errorf("two keys have the id %s", r.id)
	}
	return r.id, nil
}

func (c *contents) addAll(raw [][]byte, now time.Time) error {
	for _, key := range raw {
		if _, err := c.add(key, now); err != nil {
			return err
		}
	}
	return nil
}

// addNew adds a random key and makes it the primary.
func (c *contents) addNew(now time.Time) (KeyID, error) {
	key := make([]byte, KeySize)
	rand.Read(key) // never fails
	id, err := c.add(key, now)
	c.Primary = id.String()
	return id, err
}

// primary returns the id of the primary key, which must be one that can be used.
func (c *contents) primary() (KeyID, error) {
	id, err := ParseKeyID(c.Primary)
	if err != nil {
		return 0, err
	}
	if found := c.find(id); found == nil || found.Disabled {
		return 0, fmt.Errorf("the primary key %s is not there", id)
	}
	return id, nil
}

// keys derives what stores use.
func (c *contents) keys() (*keys, error) {
	primary, err := c.primary()
	if err != nil {
		return nil, err
	}
	var roots []root
	var infos []KeyInfo
	for _, stored := range c.Keys {
		r, err := newRoot(stored.Root)
		if err != nil {
			return nil, fmt.Errorf("key %s: %w", stored.ID, err)
		}
		infos = append(infos, KeyInfo{ID: r.id, Primary: r.id == primary, Disabled: stored.Disabled, Created: stored.Created})
		if !stored.Disabled {
			roots = append(roots, r)
		}
	}
	k, err := keysOf(primary, roots)
	if err != nil {
		return nil, err
	}
	k.infos = infos
	return k, nil
}

// associated binds the sealed keyring to its name.
func (s *source) associated() []byte { return []byte("smarterbase keyring " + s.object) }

// seal encrypts the contents for the object.
func (s *source) seal(c *contents, kek tink.AEAD) ([]byte, error) {
	c.Write = rand.Text()
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	sealed, err := kek.Encrypt(plain, s.associated())
	if err != nil {
		return nil, s.fail(ports.ErrUnavailable, fmt.Errorf("sealing the keyring: %w", err))
	}
	return json.Marshal(envelope{Smarterbase: envelopeName, Format: 1, Sealed: sealed})
}

// load reads the object. It needs the lock.
func (s *source) load(ctx context.Context, unless ports.Version) (*contents, ports.Version, error) {
	o, err := s.store.Get(ctx, s.object, ports.GetOptions{IfNoneMatch: unless})
	if err != nil {
		return nil, "", err
	}
	c, err := s.open(o.Data)
	return c, o.Version, err
}

// open decrypts the object.
func (s *source) open(object []byte) (*contents, error) {
	var e envelope
	if err := json.Unmarshal(object, &e); err != nil || e.Smarterbase != envelopeName || e.Format != 1 {
		return nil, s.fail(ports.ErrCorrupt, errors.New("the object holds no keyring that this program knows"))
	}
	plain, err := s.kek.Decrypt(e.Sealed, s.associated())
	if err != nil {
		// A KMS that is out of reach and one that refuses look the same.
		return nil, s.fail(ports.ErrUnavailable, fmt.Errorf("the keyring could not be opened: another key encryption key, a changed object, or the KMS did not answer: %w", err))
	}
	c := &contents{}
	if err := json.Unmarshal(plain, c); err != nil {
		return nil, s.fail(ports.ErrCorrupt, fmt.Errorf("reading the opened keyring: %w", err))
	}
	return c, nil
}

func (s *source) fail(kind, err error) error { return ports.Fail("open keyring", s.object, kind, err) }
