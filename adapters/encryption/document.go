package encryption

import (
	"fmt"
	"sync"
)

// scratch holds buffers for whole documents as they are stored: the inner store
// keeps none of them. They never hold plaintext.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// sealDocument encrypts plain as the object of that key into buf, which may be
// nil, and returns what buf became.
func (k *keys) sealDocument(buf []byte, key string, plain []byte) ([]byte, error) {
	h := header{kind: documentKind, key: k.document, length: documentOverhead - k.overhead}
	if need := max(documentOverhead+len(plain), documentOverhead+len(key)); cap(buf) < need {
		buf = make([]byte, 0, need)
	}
	buf = h.append(buf[:0])
	sealed, err := k.documents[k.document].Encrypt(plain, append(buf, key...))
	if err != nil {
		return buf, fmt.Errorf("encrypting: %w", err)
	}
	if len(sealed) != len(plain)+k.overhead {
		return buf, fmt.Errorf("encrypting: key %s added %d bytes, not %d", k.document, len(sealed)-len(plain), k.overhead)
	}
	return append(buf, sealed...), nil
}

// openDocument decrypts a whole object with this header.
func (k *keys) openDocument(h header, key string, object []byte) ([]byte, error) {
	plain, err := k.documents[h.key].Decrypt(object[h.length:], associated(object[:h.length], key))
	if err != nil {
		return nil, fmt.Errorf("decrypting with key %s: %w", h.key, err)
	}
	if len(plain) != len(object)-documentOverhead {
		return nil, fmt.Errorf("%d bytes of plaintext in a document of %d", len(plain), len(object))
	}
	return plain, nil
}
