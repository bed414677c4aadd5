package minio

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

// GetStream makes one request, and one more for a range of an empty object.
func (s *bucket) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	const op = "get stream"
	name, err := s.enter(ctx, op, key)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	found, err := s.open(ctx, op, key, name, opts)
	if err != nil {
		s.gate.Leave()
		return ports.ObjectInfo{}, nil, err
	}
	return found.info, &download{bucket: s, ctx: ctx, key: key, body: found.body, left: found.length}, nil
}

// download is a body that says how it failed, and fails when it ends early.
type download struct {
	bucket *bucket
	ctx    context.Context //nolint:containedctx // of the call that opened it, as the bodies of net/http
	key    string
	body   io.ReadCloser
	left   int64 // bytes still to come; negative: unknown
	once   sync.Once
}

// Read is that of the body.
func (d *download) Read(b []byte) (int, error) {
	n, err := d.body.Read(b)
	if d.left >= 0 {
		d.left -= int64(n)
	}
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
	case d.left > 0:
		err = io.ErrUnexpectedEOF
	default:
		return n, io.EOF
	}
	return n, d.bucket.fail(d.ctx, attempt{op: "get stream", key: d.key}, err)
}

// Close ends the download; what was not read is not fetched.
func (d *download) Close() error {
	d.once.Do(func() {
		_ = d.body.Close() // a failure says nothing about what was read
		d.bucket.gate.Leave()
	})
	return nil
}
