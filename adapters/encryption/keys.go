package encryption

import (
	"errors"
	"fmt"
	"time"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrNoKey is the cause of ErrCorrupt where an object names a key that the
// keyring does not have, or that is disabled.
var ErrNoKey = errors.New("the key is not in the keyring")

// KeyInfo describes a key of a keyring.
type KeyInfo struct {
	ID       KeyID
	Primary  bool      // what is written now is under this key
	Disabled bool      // kept, but used for nothing
	Created  time.Time // zero where it is not known
}

// keys is one state of a keyring. It never changes.
type keys struct {
	documents map[KeyID]tink.AEAD
	streams   map[KeyID]streamKey
	infos     []KeyInfo

	document KeyID // the primaries
	stream   KeyID
	overhead int // of the primary AEAD for documents
}

// keysOf makes a state of roots, of which the first is the primary.
func keysOf(primary KeyID, roots []root) (*keys, error) {
	k := &keys{
		documents: map[KeyID]tink.AEAD{}, streams: map[KeyID]streamKey{},
		document: primary, stream: primary,
	}
	for _, r := range roots {
		if _, twice := k.documents[r.id]; twice {
			return nil, fmt.Errorf("two keys have the id %s", r.id)
		}
		k.documents[r.id], k.streams[r.id] = r.document, r.stream
		k.infos = append(k.infos, KeyInfo{ID: r.id, Primary: r.id == primary})
	}
	return k, k.measure()
}

// measure finds what the primary AEAD adds to a document, which must be the
// same for each and leave room for the header.
func (k *keys) measure() error {
	for i, n := range []int{0, 1, 1000} {
		sealed, err := k.documents[k.document].Encrypt(make([]byte, n), nil)
		if err != nil {
			return fmt.Errorf("trying key %s: %w", k.document, err)
		}
		overhead := len(sealed) - n
		if (i > 0 && overhead != k.overhead) || overhead > documentOverhead-headerLength {
			return fmt.Errorf("key %s adds %d bytes to %d: it must add the same to each document, and at most %d",
				k.document, overhead, n, documentOverhead-headerLength)
		}
		k.overhead = overhead
	}
	return nil
}

// isPrimary reports whether an object with this header is under the key that
// it would be written under now.
func (k *keys) isPrimary(h header) bool {
	if h.kind == documentKind {
		return h.key == k.document
	}
	return h.key == k.stream
}

// knows reports whether the key of the header is there.
func (k *keys) knows(h header) (ok bool) {
	if h.kind == documentKind {
		_, ok = k.documents[h.key]
	} else {
		_, ok = k.streams[h.key]
	}
	return ok
}
