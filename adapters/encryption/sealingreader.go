package encryption

import (
	"fmt"
	"io"
)

// sealingReader reads an object whose plaintext it takes from body. Tink's
// writer is pushed, an object store pulls: out holds what lies between.
type sealingReader struct {
	body  io.Reader
	tink  io.WriteCloser // writes to out
	out   growing
	read  int   // of out
	plain int64 // bytes taken from body
	chunk []byte
	err   error // after out

	// confirm is called once body has ended: a failure keeps the object from
	// becoming one.
	confirm func() error
}

// chunkSize is how much is encrypted at a time.
const chunkSize = 32 << 10

func newSealingReader(k *keys, key string, body io.Reader) (*sealingReader, error) {
	r := &sealingReader{body: body, chunk: make([]byte, chunkSize), out: make(growing, 0, chunkSize+2*segmentSize)}
	var err error
	r.tink, err = k.sealStream(&r.out, key)
	return r, err
}

func (r *sealingReader) Read(p []byte) (int, error) {
	for r.read == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.out, r.read = r.out[:0], 0
		r.err = r.fill()
	}
	n := copy(p, r.out[r.read:])
	r.read += n
	return n, nil
}

// fill encrypts one chunk; io.EOF after the last one.
func (r *sealingReader) fill() error {
	n, readErr := r.body.Read(r.chunk)
	r.plain += int64(n)
	if _, err := r.tink.Write(r.chunk[:n]); err != nil {
		return fmt.Errorf("encrypting: %w", err)
	}
	if readErr != io.EOF {
		return readErr
	}
	if err := r.confirm(); err != nil {
		return err
	}
	if err := r.tink.Close(); err != nil {
		return fmt.Errorf("encrypting: %w", err)
	}
	return io.EOF
}
