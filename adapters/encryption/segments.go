package encryption

import (
	"crypto/cipher"
	"encoding/binary"
	"fmt"
)

// segments opens the segments of one stream, in any order. It is for one
// goroutine.
type segments struct {
	cipher cipher.AEAD
	key    KeyID
	plain  int64 // size of the whole plaintext
	last   int64 // number of the last segment
	nonce  [12]byte
}

// size returns the length in bytes of segment i as it is stored.
func (s *segments) size(i int64) int64 {
	return min(segmentPlainStart(i+1), s.plain) - segmentPlainStart(i) + tagSize
}

// open decrypts segment i in place. The nonce holds its number and whether it is
// the last one of the object, so a segment in another place, and a
// stream that was cut or extended, are refused.
func (s *segments) open(i int64, sealed []byte) ([]byte, error) {
	binary.BigEndian.PutUint32(s.nonce[noncePrefix:], uint32(i))
	s.nonce[len(s.nonce)-1] = 0
	if i == s.last {
		s.nonce[len(s.nonce)-1] = 1
	}
	plain, err := s.cipher.Open(sealed[:0], s.nonce[:], sealed, nil)
	if err != nil {
		return nil, fmt.Errorf("decrypting segment %d of %d with key %s: %w", i, s.last+1, s.key, err)
	}
	return plain, nil
}

// openRange decrypts the segments that hold the bytes [from, to) of the
// plaintext, which are what sealed has, in place, and returns those bytes.
func (s *segments) openRange(sealed []byte, from, to int64) ([]byte, error) {
	first := segmentOf(from)
	plain := sealed[:0]
	for i, rest := first, sealed; i <= segmentOf(to-1); i++ {
		size := s.size(i)
		if int64(len(rest)) < size {
			return nil, fmt.Errorf("segment %d of %d is cut", i, s.last+1)
		}
		opened, err := s.open(i, rest[:size:size])
		if err != nil {
			return nil, err
		}
		plain, rest = append(plain, opened...), rest[size:]
	}
	start := segmentPlainStart(first)
	return plain[from-start : to-start], nil
}
