package gcs

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"cloud.google.com/go/storage"

	"github.com/smarterbase/smarterbase/ports"
)

// source is the body of a PutStream. It remembers how the body ended, which
// the client's errors don't tell.
type source struct {
	ctx  context.Context
	body io.Reader
	size int64

	ended atomic.Bool // the body was read to its end
	err   error       // or failed
}

func (s *source) Read(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.ended.Load() {
		return 0, io.EOF
	}
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.body.Read(p)
	s.size += int64(n)
	switch {
	case s.size > maxObjectSize:
		s.err = errSize
		return 0, errSize
	case err == io.EOF: // a wrapped one is a failure
		s.ended.Store(true)
	case err != nil:
		s.err = err
	}
	return n, err
}

// fail is the outcome of a body that failed: nothing was changed.
func (s *source) fail(op, key string) error {
	switch {
	case s.ctx.Err() != nil:
		return ports.Fail(op, key, s.ctx.Err(), s.err)
	case errors.Is(s.err, errSize):
		return ports.Fail(op, key, ports.ErrTooLarge, s.err)
	}
	return ports.Fail(op, key, ports.ErrUnavailable, s.err)
}

// maxRepeats is how often one chunk is sent again, after 0.1, 0.2, 0.4 … s at
// most.
const maxRepeats = 6

// repeats decides whether the client sends a chunk of src again.
type repeats struct {
	src   *source
	count atomic.Int32 // since the last chunk that arrived
}

// again is called for every failed chunk, and for the request that begins an
// upload.
func (r *repeats) again(err error) bool {
	return storage.ShouldRetry(err) && !r.src.ended.Load() && r.src.ctx.Err() == nil && r.count.Add(1) <= maxRepeats
}
