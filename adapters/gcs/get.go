package gcs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/smarterbase/smarterbase/ports"
)

// Get downloads an object or a range of it, in one request (two for a range
// of an empty object). The checksum of a whole object is verified.
func (s *bucket) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	d, err := s.download(ctx, opGet, key, opts)
	if err != nil {
		return ports.Object{}, err
	}
	defer func() { _ = d.Close() }()
	data, err := d.all()
	if err != nil {
		return ports.Object{}, err
	}
	return ports.Object{ObjectInfo: d.info, Data: data}, nil
}

// download is an object on its way. It is the body of GetStream.
type download struct {
	attempt *attempt
	bucket  *bucket
	info    ports.ObjectInfo
	reader  *storage.Reader
	left    int64 // bytes that have yet to come
	cut     bool  // the server sends more than was asked for
	closed  bool
}

// download asks for the object. The answer is closed by the caller.
func (s *bucket) download(ctx context.Context, op, key string, opts ports.GetOptions) (*download, error) {
	if err := s.enter(ctx, op, key); err != nil {
		return nil, err
	}
	d, err := s.ask(ctx, op, key, opts)
	if err != nil {
		s.gate.Leave()
	}
	return d, err
}

func (s *bucket) ask(ctx context.Context, op, key string, opts ports.GetOptions) (*download, error) {
	if opts.Range.Offset < 0 || opts.Range.Length < 0 {
		return nil, badRange(op, key, opts.Range)
	}
	object := s.handle.Object(key)
	known, conditional := generationOf(opts.IfNoneMatch)
	if conditional {
		object = object.If(storage.Conditions{GenerationNotMatch: known})
	}
	a := &attempt{bucket: s.name, op: op, key: key, resumes: maxResumes}
	a.start(ctx)
	reader, err := openRange(a.ctx, object, opts.Range)
	if err != nil {
		a.stop()
		return nil, a.fail(err)
	}
	d := &download{attempt: a, bucket: s, reader: reader}
	if err := d.examine(opts.Range, known); err != nil {
		_ = reader.Close()
		a.stop()
		return nil, err
	}
	return d, nil
}

// openRange asks for a range. No part of an empty object can be asked for,
// and the answer does not tell its generation, so it is asked for as a whole.
func openRange(ctx context.Context, object *storage.ObjectHandle, r ports.Range) (*storage.Reader, error) {
	length := r.Length
	if length == 0 || length > math.MaxInt64-r.Offset {
		length = -1
	}
	reader, err := object.NewRangeReader(ctx, r.Offset, length)
	var answer *googleapi.Error
	if r.Offset == 0 && errors.As(err, &answer) && answer.Code == http.StatusRequestedRangeNotSatisfiable {
		return object.NewRangeReader(ctx, 0, -1)
	}
	return reader, err
}

// examine checks the head of an answer before anything in it is believed.
func (d *download) examine(r ports.Range, known int64) error {
	a, attrs := d.attempt, d.reader.Attrs
	switch {
	case attrs.Decompressed:
		return ports.Fail(a.op, a.key, ports.ErrUnsupported,
			errors.New("the object is stored with Content-Encoding gzip, and the client decompresses it"))
	case attrs.Generation <= 0:
		return ports.Fail(a.op, a.key, ports.ErrUnsupported, errors.New("the server answers a download without a generation"))
	case attrs.Size < 0:
		return ports.Fail(a.op, a.key, ports.ErrUnsupported, errors.New("the server answers a download without a size"))
	case known == attrs.Generation: // a client or server that leaves the condition out
		return ports.Fail(a.op, a.key, ports.ErrNotModified, nil)
	}
	from, to, ok := r.Within(attrs.Size)
	if !ok {
		return badRange(a.op, a.key, r)
	}
	if attrs.StartOffset != from {
		return ports.Fail(a.op, a.key, ports.ErrUnavailable, fmt.Errorf("the server answers a range from byte %d, not %d", attrs.StartOffset, from))
	}
	d.left = to - from
	d.cut = d.reader.Remain() > d.left
	d.info = ports.ObjectInfo{Key: a.key, Version: versionOf(attrs.Generation), Size: attrs.Size, ModTime: attrs.LastModified}
	return nil
}

func badRange(op, key string, r ports.Range) error {
	return ports.Fail(op, key, ports.ErrInvalidKey, fmt.Errorf("the range with %s is not within the object", r))
}

// all reads everything that was asked for.
func (d *download) all() ([]byte, error) {
	data := make([]byte, d.left)
	if _, err := io.ReadFull(d, data); err != nil {
		return nil, err
	}
	var more [1]byte
	if _, err := io.ReadFull(d, more[:]); err != io.EOF { // the checksum is verified at the end
		return nil, err
	}
	return data, nil
}

var errTooLong = errors.New("the server sent more bytes than there are")

// Read never ends early without an error. The client resumes where a
// connection broke, by range and generation.
func (d *download) Read(p []byte) (int, error) {
	if d.cut && int64(len(p)) > d.left {
		if p = p[:d.left]; d.left == 0 {
			return 0, io.EOF
		}
	}
	n, err := d.reader.Read(p)
	d.left -= int64(n)
	switch {
	case d.left < 0:
		return 0, d.attempt.failBody(errTooLong)
	case errors.Is(err, io.EOF) && d.left > 0:
		return n, d.attempt.failBody(io.ErrUnexpectedEOF)
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	}
	return n, d.attempt.failBody(err)
}

// Close gives the connection back.
func (d *download) Close() error {
	if d.closed {
		return nil
	}
	d.closed = true
	d.attempt.stop()
	_ = d.reader.Close() // answers again what Read did
	d.bucket.gate.Leave()
	return nil
}
