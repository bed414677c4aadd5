package s3

import (
	"context"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// maxIdleReads is how often a reader may give nothing before it counts as
// broken.
const maxIdleReads = 100

// source is the body of a PutStream. Its errors are those of PutStream.
type source struct {
	ctx    context.Context
	key    string
	body   io.Reader
	ended  bool
	failed error // of the body, which need not tell it twice
}

// Read implements io.Reader; unlike the body it fails when ctx ends, and gives
// up on a body that gives nothing.
func (s *source) Read(p []byte) (int, error) {
	if s.ended {
		return 0, io.EOF
	}
	if s.failed != nil {
		return 0, s.failed
	}
	for range maxIdleReads {
		if err := ports.ContextDone(s.ctx, "put", s.key); err != nil {
			return 0, err
		}
		n, err := s.body.Read(p)
		switch {
		case err == io.EOF:
			s.ended = true
			return n, io.EOF
		case err != nil:
			s.failed = ports.Fail("put", s.key, ports.ErrUnavailable, err)
			return n, s.failed
		case n > 0 || len(p) == 0:
			return n, nil
		}
	}
	return 0, ports.Fail("put", s.key, ports.ErrUnavailable, io.ErrNoProgress)
}

// fill reads until p is full or the body ends.
func (s *source) fill(p []byte) (n int, err error) {
	n, err = io.ReadFull(s, p)
	if err == io.EOF || err == io.ErrUnexpectedEOF { // those of the body itself are wrapped
		err = nil
	}
	return n, err
}
