package encryption

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

type streams struct {
	*store
	inner ports.Streamer
}

// GetStream decrypts as it reads. Reading answers ErrCorrupt before any byte
// that could not be proven.
func (s streams) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	if err := s.check("get stream", key); err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	first := s.lead(opts.Range)
	if first.Length != streamStart {
		return s.near(ctx, key, ports.GetOptions{IfNoneMatch: opts.IfNoneMatch, Range: first}, opts.Range)
	}
	for range attempts {
		o, err := s.store.inner.Get(ctx, key, ports.GetOptions{IfNoneMatch: opts.IfNoneMatch, Range: first})
		if err != nil {
			return ports.ObjectInfo{}, nil, err
		}
		v, err := s.view(ctx, "get stream", o.ObjectInfo, o.Data, opts.Range)
		if err != nil {
			return ports.ObjectInfo{}, nil, err
		}
		from, to := v.interval()
		info, body, err := s.inner.GetStream(ctx, key, ports.GetOptions{Range: ports.Range{Offset: from, Length: to - from}})
		switch {
		case errors.Is(err, ports.ErrInvalidKey): // it is shorter now
		case err != nil:
			return ports.ObjectInfo{}, nil, err
		case info.Version == o.Version:
			return s.opened(&v, body, body)
		default:
			_ = body.Close() // of another state
		}
	}
	return ports.ObjectInfo{}, nil, replaced("get stream", key)
}

// near reads a range that begins in the first segments, or all, by one stream
// from the beginning.
func (s streams) near(ctx context.Context, key string, opts ports.GetOptions, r ports.Range) (ports.ObjectInfo, io.ReadCloser, error) {
	info, body, err := s.inner.GetStream(ctx, key, opts)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	fail := func(err error) (ports.ObjectInfo, io.ReadCloser, error) {
		_ = body.Close() // the failure before matters more
		return ports.ObjectInfo{}, nil, err
	}
	head := make([]byte, streamStart)
	n, err := fill(body, head)
	if err != nil && !errors.Is(err, errShort) {
		return fail(broken(ctx, key, err))
	}
	v, err := s.view(ctx, "get stream", info, head[:n], r)
	if err != nil {
		return fail(err)
	}
	from, _ := v.interval()
	all := io.MultiReader(bytes.NewReader(head[:n]), body)
	if _, err := fill(all, make([]byte, from)); err != nil {
		return fail(broken(ctx, key, err))
	}
	return s.opened(&v, all, body)
}

// opened returns the reader of the plaintext; sealed reads the bytes of the
// interval.
func (s streams) opened(v *view, sealed io.Reader, body io.ReadCloser) (ports.ObjectInfo, io.ReadCloser, error) {
	switch {
	case v.plain:
		return v.info, closing{io.LimitReader(sealed, v.to-v.from), body}, nil
	case v.segments != nil:
		return v.info, closing{newSegmentReader(v, sealed), body}, nil
	}
	object := make([]byte, v.sealed)
	_, err := fill(sealed, object)
	if closed := body.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return ports.ObjectInfo{}, nil, broken(context.Background(), v.info.Key, err)
	}
	plain, err := v.open("get stream", object)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	return v.info, io.NopCloser(bytes.NewReader(plain)), nil
}

type closing struct {
	io.Reader
	io.Closer
}

// errShort is the answer of fill where the reader came to its end.
var errShort = errors.New("fewer bytes than there should be")

// fill reads until p is full. Unlike io.ReadFull it tells the end of the reader
// from an io.ErrUnexpectedEOF of the reader's own, which is a failure.
func fill(r io.Reader, p []byte) (n int, err error) {
	for n < len(p) {
		m, err := r.Read(p[n:])
		n += m
		if err == io.EOF && n < len(p) {
			return n, errShort
		}
		if err != nil && n < len(p) {
			return n, err
		}
	}
	return n, nil
}

// broken classifies the failure of reading the body of an object.
func broken(ctx context.Context, key string, err error) error {
	if _, ok := errors.AsType[*ports.Error](err); ok {
		return err
	}
	kind := ports.ErrUnavailable
	if errors.Is(err, errShort) {
		kind = ports.ErrCorrupt
	} else if done := ctx.Err(); done != nil && errors.Is(err, done) {
		kind = done
	}
	return ports.Fail("get stream", key, kind, err)
}

// PutStream reads up to 64 KiB before it begins to write: the form of an object
// depends on its size alone.
func (s streams) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	const op = "put stream"
	err := ports.ValidateKey(key)
	if err == nil {
		err = s.check(op, key)
	}
	if err != nil {
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrInvalidKey, err)
	}
	head, err := readHead(contextReader{ctx, body})
	switch {
	case ctx.Err() != nil:
		return ports.ObjectInfo{}, ports.ContextDone(ctx, op, key)
	case err == nil:
		return s.putLong(ctx, key, head, body, cond)
	case !errors.Is(err, errShort): // which says that head is all
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrUnavailable, fmt.Errorf("reading the body: %w", err))
	}
	return s.putShort(ctx, key, head, cond)
}

func (s streams) putShort(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.ObjectInfo, error) {
	keys, err := s.keys.writing(ctx, "put stream", key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	object, err := keys.sealDocument(nil, key, data)
	if err != nil {
		return ports.ObjectInfo{}, ports.Fail("put stream", key, ports.ErrUnavailable, err)
	}
	info, err := s.inner.PutStream(ctx, key, bytes.NewReader(object), cond)
	return sized(info, int64(len(data)), err)
}

func (s streams) putLong(ctx context.Context, key string, head []byte, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	const op = "put stream"
	keys, err := s.keys.writing(ctx, op, key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	r, err := newSealingReader(keys, key, io.MultiReader(bytes.NewReader(head), body))
	if err != nil {
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrUnavailable, err)
	}
	r.confirm = func() error { return s.keys.stillThere(ctx, op, key, keys.stream) }
	info, err := s.inner.PutStream(ctx, key, r, cond)
	return sized(info, r.plain, err)
}

// sized says the size of the plaintext.
func sized(info ports.ObjectInfo, size int64, err error) (ports.ObjectInfo, error) {
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	info.Size = size
	return info, nil
}

// readHead reads one byte more than a document has, or up to the end and then
// answers errShort.
func readHead(body io.Reader) ([]byte, error) {
	head := make([]byte, segmentSize) // most are small
	n, err := fill(body, head)
	if err != nil {
		return head[:n], err
	}
	head = append(make([]byte, 0, documentLimit+1), head...)[:documentLimit+1]
	more, err := fill(body, head[n:])
	return head[:n+more], err
}

// contextReader fails as soon as the context is done.
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
