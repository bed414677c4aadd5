package faults

import (
	"bytes"
	"context"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// The optional interfaces are small types of their own, so that each wrapper
// can be put together from exactly those that the wrapped port has.
type (
	streamer struct {
		plan  *Plan
		inner ports.Streamer
	}
	batchDeleter struct {
		plan  *Plan
		inner ports.BatchDeleter
	}
	pinger struct {
		plan  *Plan
		inner ports.Pinger
	}
	closer struct {
		plan  *Plan
		inner io.Closer
	}
)

// connection holds what every port may have.
type connection struct {
	pinger
	closer
	pings, closes bool
}

func connectionOf(inner any, plan *Plan) connection {
	c := connection{pinger: pinger{plan: plan}, closer: closer{plan: plan}}
	c.pinger.inner, c.pings = ports.As[ports.Pinger](inner)
	c.closer.inner, c.closes = ports.As[io.Closer](inner)
	return c
}

func (s streamer) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	body, err := call[*stream](ctx, s.plan, &request{
		Call: Call{Method: GetStream, Key: key},
		perform: func(ctx context.Context, _ Call) (any, error) {
			info, body, err := s.inner.GetStream(ctx, key, opts)
			if err != nil {
				return nil, err
			}
			return &stream{ReadCloser: body, info: info}, nil
		},
	})
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	return body.info, body, nil
}

func (s streamer) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	open := func() io.Reader { return body }
	return call[ports.ObjectInfo](ctx, s.plan, &request{
		Call: Call{Method: PutStream, Key: key, Condition: cond},
		detach: func() {
			data, err := io.ReadAll(body)
			open = func() io.Reader { return io.MultiReader(bytes.NewReader(data), failing{err}) }
		},
		perform: func(ctx context.Context, _ Call) (any, error) {
			return s.inner.PutStream(ctx, key, open(), cond)
		},
	})
}

func (b batchDeleter) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	return call[[]error](ctx, b.plan, &request{
		Call: Call{Method: DeleteBatch, Keys: keys},
		perform: func(ctx context.Context, c Call) (any, error) {
			return b.inner.DeleteBatch(ctx, c.Keys)
		},
	})
}

func (p pinger) Ping(ctx context.Context) error {
	_, err := call[none](ctx, p.plan, &request{
		Call:    Call{Method: Ping},
		perform: func(ctx context.Context, _ Call) (any, error) { return none{}, p.inner.Ping(ctx) },
	})
	return err
}

func (c closer) Close() error {
	_, err := call[none](context.Background(), c.plan, &request{
		Call:    Call{Method: Close},
		perform: func(context.Context, Call) (any, error) { return none{}, c.inner.Close() },
	})
	return err
}

// failing ends a stream that was read into memory as the original did: with
// its error, or at nil with io.EOF.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) {
	if f.err == nil {
		return 0, io.EOF
	}
	return 0, f.err
}

// stream is the body of a GetStream, which a rule may break.
type stream struct {
	io.ReadCloser
	info ports.ObjectInfo
	left int   // bytes to read before cut; only with cut
	cut  error // nil: the stream is whole
}

func (s *stream) breakAfter(n int, err error) { s.left, s.cut = n, err }

func (s *stream) Read(p []byte) (int, error) {
	if s.cut == nil {
		return s.ReadCloser.Read(p)
	}
	if s.left <= 0 {
		return 0, s.cut
	}
	n, err := s.ReadCloser.Read(p[:min(len(p), s.left)])
	s.left -= n
	if err == io.EOF {
		err = s.cut
	}
	return n, err
}
