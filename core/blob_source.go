package core

import (
	"errors"
	"io"
)

// blobSource is a body on its way to the store.
type blobSource struct {
	body   io.Reader
	seeker io.Seeker // nil: it can be read once only
	start  int64
	read   int64
	failed error // of the body itself
}

func newBlobSource(body io.Reader) *blobSource {
	s := &blobSource{body: body}
	if seeker, ok := body.(io.Seeker); ok {
		if start, err := seeker.Seek(0, io.SeekCurrent); err == nil {
			s.seeker, s.start = seeker, start
		}
	}
	return s
}

// Read reads from the body and remembers how it failed.
func (s *blobSource) Read(p []byte) (int, error) {
	n, err := s.body.Read(p)
	s.read += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		s.failed = err
	}
	return n, err
}

// rewind goes back to where the body stood, if it can.
func (s *blobSource) rewind() bool {
	if s.read == 0 {
		return true
	}
	if s.seeker == nil {
		return false
	}
	if _, err := s.seeker.Seek(s.start, io.SeekStart); err != nil {
		return false
	}
	s.read = 0
	return true
}
