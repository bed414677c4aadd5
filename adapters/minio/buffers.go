package minio

import (
	"io"
	"sync"
)

// smallBody is how much of a stream is read before a buffer of the size of a
// part is taken for it.
const smallBody = 64 << 10

// buffers are kept for the next upload.
type buffers struct{ small, large sync.Pool }

func newBuffers(partSize int) *buffers {
	pool := func(size int) sync.Pool {
		return sync.Pool{New: func() any { b := make([]byte, size); return &b }}
	}
	return &buffers{small: pool(smallBody), large: pool(partSize)}
}

// fill reads until buf is full or body ends. Other than io.ReadFull it tells
// the end of a body from an io.ErrUnexpectedEOF of its own.
func fill(body io.Reader, buf []byte) (n int, ended bool, err error) {
	const patience = 100 // as in package bufio
	for idle := 0; n < len(buf); {
		read, err := body.Read(buf[n:])
		n += read
		switch {
		case err == io.EOF:
			return n, true, nil
		case err != nil:
			return n, false, err
		case read > 0:
			idle = 0
		case idle == patience:
			return n, false, io.ErrNoProgress
		default:
			idle++
		}
	}
	return n, false, nil
}
