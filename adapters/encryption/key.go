package encryption

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/xaesgcm"
	"github.com/tink-crypto/tink-go/v2/insecuresecretdataaccess"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/secretdata"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// KeySize is the length in bytes of a raw key.
const KeySize = 32

// KeyID names a key in the header of the objects written under it. It is no
// secret.
type KeyID uint32

// String is the id in 8 hexadecimal digits.
func (id KeyID) String() string { return fmt.Sprintf("%08x", uint32(id)) }

// ParseKeyID reads what KeyID.String wrote.
func ParseKeyID(text string) (KeyID, error) {
	id, err := strconv.ParseUint(text, 16, 32)
	if err != nil || len(text) != 8 {
		return 0, fmt.Errorf("a key id has 8 hexadecimal digits: %q", text)
	}
	return KeyID(id), nil
}

// KeyFromText reads a raw key as it stands in a file or in an environment
// variable: 32 bytes as 64 hexadecimal digits or in base64, standard or URL-safe,
// with or without padding; space around it is ignored. "openssl rand -base64
// 32" makes one. The error does not contain the text.
func KeyFromText(text string) ([]byte, error) {
	text = strings.TrimSpace(text)
	if len(text) == hex.EncodedLen(KeySize) {
		if key, err := hex.DecodeString(text); err == nil {
			return key, nil
		}
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	key, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil || len(key) != KeySize {
		return nil, fmt.Errorf("an encryption key is %d bytes in base64 or as %d hexadecimal digits, and this text of %d characters is neither",
			KeySize, hex.EncodedLen(KeySize), len(text))
	}
	return key, nil
}

// root is a raw key with what is derived from it. The same bytes are never used
// in two ways.
type root struct {
	id       KeyID
	document tink.AEAD
	stream   streamKey
}

func newRoot(key []byte) (root, error) {
	if len(key) != KeySize {
		return root{}, fmt.Errorf("a key has %d bytes, not %d", len(key), KeySize)
	}
	if string(key) == string(make([]byte, KeySize)) {
		return root{}, errors.New("a key is all zeros")
	}
	id, err := derive(key, "id", 4)
	if err != nil {
		return root{}, err
	}
	documents, err := derive(key, "documents", KeySize)
	if err != nil {
		return root{}, err
	}
	streams, err := derive(key, "streams", KeySize)
	if err != nil {
		return root{}, err
	}
	r := root{id: KeyID(binary.BigEndian.Uint32(id))}
	if r.document, err = newDocumentAEAD(documents); err != nil {
		return root{}, err
	}
	r.stream, err = newStreamKey(streams, "SHA256")
	return r, err
}

func derive(key []byte, purpose string, length int) ([]byte, error) {
	return hkdf.Key(sha256.New, key, nil, "smarterbase encryption v1 "+purpose, length)
}

// newDocumentAEAD returns Tink's XAES-256-GCM without a prefix: our header
// says which key it is.
func newDocumentAEAD(key []byte) (tink.AEAD, error) {
	parameters, err := xaesgcm.NewParameters(xaesgcm.VariantNoPrefix, 12)
	if err != nil {
		return nil, err
	}
	k, err := xaesgcm.NewKey(secretdata.NewBytesFromData(key, insecuresecretdataaccess.Token{}), 0, parameters)
	if err != nil {
		return nil, err
	}
	manager := keyset.NewManager()
	id, err := manager.AddKey(k)
	if err != nil {
		return nil, err
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, err
	}
	handle, err := manager.Handle()
	if err != nil {
		return nil, err
	}
	return aead.New(handle)
}
