package encryption

import (
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"io"

	streaming "github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
	"github.com/tink-crypto/tink-go/v2/subtle"
)

// streamKey is a key of Tink's AES256_GCM_HKDF_4KB. Tink writes with it. Tink
// can only read from the beginning, so segments are opened here.
type streamKey struct {
	material []byte
	hash     string // of HKDF, as Tink names it
	tink     *streaming.AESGCMHKDF
}

func newStreamKey(material []byte, hash string) (streamKey, error) {
	primitive, err := streaming.NewAESGCMHKDF(material, hash, saltSize, segmentSize, 0)
	return streamKey{material, hash, primitive}, err
}

// sealStream writes the header of the object to w, and returns a writer that
// encrypts what it is given to w. Its Close writes the last segment.
func (k *keys) sealStream(w io.Writer, key string) (io.WriteCloser, error) {
	head := header{kind: streamKind, key: k.stream, length: headerLength}.append(nil)
	if _, err := w.Write(head); err != nil {
		return nil, err
	}
	return k.streams[k.stream].tink.NewEncryptingWriter(w, associated(head, key))
}

// openStream returns what opens the segments of the object that begins with
// start, which has streamStart bytes.
func (k *keys) openStream(h header, key string, start []byte, plain int64) (*segments, error) {
	head, own := start[:headerLength], start[headerLength:streamStart]
	if own[0] != streamHeader {
		return nil, fmt.Errorf("the header of the stream claims %d bytes, not %d", own[0], streamHeader)
	}
	sk := k.streams[h.key]
	derived, err := subtle.ComputeHKDF(sk.hash, sk.material, own[1:1+saltSize], associated(head, key), saltSize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	s := &segments{cipher: gcm, plain: plain, last: segmentCount(plain) - 1, key: h.key}
	copy(s.nonce[:], own[1+saltSize:])
	return s, nil
}
