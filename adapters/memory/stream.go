package memory

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// GetStream reads from the state that was current at the call: states never
// change, so a later Put or Delete does not disturb the reader.
func (s *Store) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	info, data, err := s.read(ctx, "get stream", key, opts)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	return info, io.NopCloser(bytes.NewReader(data)), nil
}

// PutStream reads the body to its end before it looks at the condition, since
// that has to hold at the moment the object becomes visible.
func (s *Store) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	if err := s.check(ctx, "put stream", key); err != nil {
		return ports.ObjectInfo{}, err
	}
	data, err := readBody(ctx, body, s.objects.opts.MaxObjectSize)
	if done := ports.ContextDone(ctx, "put stream", key); done != nil {
		return ports.ObjectInfo{}, done
	}
	if err != nil {
		return ports.ObjectInfo{}, ports.Fail("put stream", key, ports.ErrUnavailable, fmt.Errorf("reading the body: %w", err))
	}
	return s.write(ctx, "put stream", key, data, cond)
}

// readBody stops one byte after the limit, which is enough for write to see
// that the body is too large, and as soon as the context ends.
func readBody(ctx context.Context, body io.Reader, limit int64) ([]byte, error) {
	body = contextReader{ctx, body}
	if limit > 0 {
		body = io.LimitReader(body, limit+1)
	}
	return io.ReadAll(body)
}

type contextReader struct {
	ctx  context.Context
	body io.Reader
}

func (r contextReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.body.Read(p)
}
