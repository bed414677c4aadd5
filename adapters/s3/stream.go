package s3

import (
	"context"
	"fmt"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// GetStream implements ports.Streamer with one request, and one more on
// file-backed servers. The server sends one
// state of the object; a body that ends early is an error. The reader fails
// once ctx is done, and is not safe for concurrent use. A read that breaks off
// can be resumed by the caller, with a Range and a look at the version.
func (b *bucket) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	if err := b.enterKey(ctx, "get", key); err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	d, err := b.settled(ctx, key, opts)
	if err != nil {
		b.gate.Leave()
		return ports.ObjectInfo{}, nil, err
	}
	return d.info, &reader{ctx: ctx, bucket: b, key: key, body: d.body, left: d.length}, nil
}

// reader reads the body of one answer, and keeps the store's connections until
// it is closed.
type reader struct {
	ctx    context.Context
	bucket *bucket
	key    string
	body   io.ReadCloser
	left   int64
	failed error
	closed bool
}

// Read implements io.Reader.
func (r *reader) Read(p []byte) (int, error) {
	if r.failed != nil {
		return 0, r.failed
	}
	if err := ports.ContextDone(r.ctx, "get", r.key); err != nil {
		r.failed = err
		return 0, err
	}
	n, err := r.body.Read(p)
	r.left -= int64(n)
	switch {
	case err == nil && r.left >= 0:
		return n, nil
	case err == io.EOF && r.left == 0: //nolint:errorlint // bare by contract of Reader
		r.failed = io.EOF
		return n, io.EOF
	case err == nil || err == io.EOF: //nolint:errorlint // bare by contract of Reader
		err = fmt.Errorf("the body's length differs from the announced one by %d bytes: %w", r.left, io.ErrUnexpectedEOF)
	}
	r.failed = r.bucket.readFailure(r.ctx, "get", r.key, err)
	return max(n, 0), r.failed
}

// Close implements io.Closer. A second Close answers nil.
func (r *reader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	if r.failed == nil {
		r.failed = ports.Fail("get", r.key, ports.ErrClosed, nil)
	}
	_ = r.body.Close() // what was not read is given up
	r.bucket.gate.Leave()
	return nil
}
