package minio

import (
	"errors"
	"io"
	"sync"
)

// payload is the body of one request. It can't be rewound, so that no client
// sends it twice; it knows whether any of it was sent; and it lets go of the
// caller's bytes when the call ends, because the connection may go on reading
// after the answer, or after the context ended.
type payload struct {
	mu    sync.Mutex
	left  []byte
	begun bool
	over  bool
}

var errCallOver = errors.New("the call that this body belongs to is over")

// Read copies, so that nothing refers to the bytes after end.
func (p *payload) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.begun = true
	if p.over {
		return 0, errCallOver
	}
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.left)
	p.left = p.left[n:]
	return n, nil
}

// end lets go of the bytes and says whether none of them were sent. Of a body
// of 0 bytes that can't be known.
func (p *payload) end() (unsent bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	unsent = !p.begun && len(p.left) > 0
	p.left, p.over = nil, true
	return unsent
}
