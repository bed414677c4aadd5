package encryption

import (
	"errors"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/streamingaead/aesgcmhkdf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// FromHandles returns a keyring of two keysets of Tink, which its tools make,
// rotate and protect. Documents are under an AEAD that adds a constant number
// of bytes, at most 48 (AES-GCM, AES-GCM-SIV, XAES-GCM, ChaCha20-Poly1305 and
// XChaCha20-Poly1305 do); streams are under
// streamingaead.AES256GCMHKDF4KBKeyTemplate, with any hash. Keys that are not
// enabled are left out.
func FromHandles(documents, streams *keyset.Handle) (*Keyring, error) {
	if documents == nil || streams == nil {
		return nil, refuseKeyring(errors.New("a keyset is nil"))
	}
	k := &keys{documents: map[KeyID]tink.AEAD{}, streams: map[KeyID]streamKey{}}
	primitive, err := aead.New(documents)
	if err != nil {
		return nil, refuseKeyring(fmt.Errorf("the keyset for documents: %w", err))
	}
	k.document, err = k.each(documents, func(id KeyID, _ *keyset.Entry) error {
		k.documents[id] = primitive // it finds the key by itself
		return nil
	})
	if err != nil {
		return nil, refuseKeyring(fmt.Errorf("the keyset for documents: %w", err))
	}
	k.stream, err = k.each(streams, func(id KeyID, e *keyset.Entry) (err error) {
		k.streams[id], err = streamKeyOf(e)
		return err
	})
	if err != nil {
		return nil, refuseKeyring(fmt.Errorf("the keyset for streams: %w", err))
	}
	if err := k.measure(); err != nil {
		return nil, refuseKeyring(err)
	}
	return fixed(k), nil
}

// each calls take for each enabled key and returns the primary.
func (k *keys) each(h *keyset.Handle, take func(KeyID, *keyset.Entry) error) (primary KeyID, err error) {
	for i := range h.Len() {
		e, err := h.Entry(i)
		if err != nil {
			return 0, err
		}
		if e.KeyStatus() != keyset.Enabled {
			continue
		}
		id := KeyID(e.KeyID())
		if err := take(id, e); err != nil {
			return 0, fmt.Errorf("key %s: %w", id, err)
		}
		k.infos = append(k.infos, KeyInfo{ID: id, Primary: e.IsPrimary()})
		if e.IsPrimary() {
			primary = id
		}
	}
	return primary, nil
}

func streamKeyOf(e *keyset.Entry) (streamKey, error) {
	key, ok := e.Key().(*aesgcmhkdf.Key)
	if !ok {
		return streamKey{}, fmt.Errorf("it is a %T, not of AES256GCMHKDF4KBKeyTemplate", e.Key())
	}
	p, ok := key.Parameters().(*aesgcmhkdf.Parameters)
	if !ok || p.SegmentSizeInBytes() != segmentSize || p.DerivedKeySizeInBytes() != saltSize {
		return streamKey{}, errors.New("its segments are not of 4 KiB, or its derived keys not of 32 bytes; use AES256GCMHKDF4KBKeyTemplate")
	}
	hashes := map[aesgcmhkdf.HashType]string{aesgcmhkdf.SHA1: "SHA1", aesgcmhkdf.SHA256: "SHA256", aesgcmhkdf.SHA512: "SHA512"}
	return newStreamKey(key.KeyBytes().Data(insecuresecretdataaccess.Token{}), hashes[p.HKDFHashType()])
}
