package encryption

import (
	"context"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// segmentReader decrypts a run of segments from a reader of their ciphertext.
// After a failure it answers nothing else.
type segmentReader struct {
	segments *segments
	name     string // the object's key
	sealed   io.Reader
	next     int64 // segment
	end      int64 // the segment after the last one
	skip     int64 // bytes of the first segment that were not asked for
	left     int64 // bytes to answer

	buffer  []byte // of several segments, so that reads are few
	pending []byte // of buffer: not decrypted
	plain   []byte // of buffer: decrypted, not answered
	err     error
}

// batch is how many segments are read at a time.
const batch = 16

func newSegmentReader(v *view, sealed io.Reader) *segmentReader {
	first := segmentOf(v.from)
	r := &segmentReader{
		segments: v.segments, name: v.info.Key, sealed: sealed,
		next: first, end: segmentOf(v.to-1) + 1,
		skip: v.from - segmentPlainStart(first), left: v.to - v.from,
	}
	r.buffer = make([]byte, min(batch, r.end-first)*segmentSize)
	return r
}

func (r *segmentReader) Read(p []byte) (int, error) {
	for len(r.plain) == 0 {
		if r.err == nil {
			r.err = r.advance()
		}
		if r.err != nil {
			return 0, r.err
		}
	}
	n := copy(p, r.plain)
	r.plain = r.plain[n:]
	return n, nil
}

// advance decrypts the next segment; io.EOF after the last one.
func (r *segmentReader) advance() error {
	if r.left == 0 {
		return io.EOF
	}
	if len(r.pending) == 0 {
		last := min(r.next+batch, r.end) - 1
		n := segmentStart(last) + r.segments.size(last) - segmentStart(r.next)
		if _, err := fill(r.sealed, r.buffer[:n]); err != nil {
			return broken(context.Background(), r.name, err)
		}
		r.pending = r.buffer[:n]
	}
	size := r.segments.size(r.next)
	plain, err := r.segments.open(r.next, r.pending[:size])
	if err != nil {
		return ports.Fail("get stream", r.name, ports.ErrCorrupt, err)
	}
	r.pending, r.next = r.pending[size:], r.next+1
	plain = plain[r.skip:]
	r.plain, r.skip = plain[:min(int64(len(plain)), r.left)], 0
	r.left -= int64(len(r.plain))
	return nil
}
