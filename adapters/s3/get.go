package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	errNoVersion = errors.New("the server names no ETag or no length")
	errRange     = errors.New("the range is negative or starts at or beyond the end of the object")
)

// Get implements ports.ObjectStore.
func (b *bucket) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	if err := b.enterKey(ctx, "get", key); err != nil {
		return ports.Object{}, err
	}
	defer b.gate.Leave()
	return b.read(ctx, key, opts)
}

func (b *bucket) readOnce(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	d, err := b.download(ctx, key, opts)
	if err != nil {
		return ports.Object{}, err
	}
	defer func() { _ = d.body.Close() }()
	data, err := d.bytes()
	if err != nil {
		return ports.Object{}, b.readFailure(ctx, "get", key, err)
	}
	return ports.Object{ObjectInfo: d.info, Data: data}, nil
}

// download is an object whose bytes are on their way.
type download struct {
	info   ports.ObjectInfo
	length int64 // of the body
	body   io.ReadCloser
}

func (b *bucket) download(ctx context.Context, key string, opts ports.GetOptions) (download, error) {
	span, err := rangeHeader(opts.Range)
	if err != nil {
		return download{}, ports.Fail("get", key, ports.ErrInvalidKey, err)
	}
	if opts.Range.Offset > maxOffset {
		return download{}, b.beyond(ctx, key, opts)
	}
	in := awss3.GetObjectInput{Bucket: &b.name, Key: &key, Range: span}
	if possible(opts.IfNoneMatch) {
		version := string(opts.IfNoneMatch)
		in.IfNoneMatch = &version
	}
	out, err := b.client.GetObject(ctx, &in, b.each...)
	if err != nil {
		failure := b.readFailure(ctx, "get", key, err)
		if span != nil && opts.Range.Offset == 0 && errors.Is(failure, ports.ErrInvalidKey) {
			return b.nothing(ctx, key, opts)
		}
		return download{}, failure
	}
	d, err := arrived(key, out, opts.Range)
	if err != nil {
		_ = out.Body.Close()
		kind := ports.ErrUnavailable
		if errors.Is(err, errRange) {
			kind = ports.ErrInvalidKey
		}
		return download{}, ports.Fail("get", key, kind, err)
	}
	return d, nil
}

// arrived checks that the answer is the one that was asked for.
func arrived(key string, out *awss3.GetObjectOutput, r ports.Range) (download, error) {
	info, err := infoOf(key, out.ETag, out.ContentLength, out.LastModified)
	d := download{info: info, length: info.Size, body: out.Body}
	if r.IsWhole() || err != nil {
		return d, err
	}
	if out.ContentRange == nil && d.length == 0 { // some servers answer so for an empty object
		if r.Offset > 0 {
			return download{}, errRange
		}
		return d, nil
	}
	from, length, size, err := contentRange(out.ContentRange)
	if err != nil {
		return download{}, err
	}
	wantFrom, wantTo, ok := r.Within(size)
	if !ok || from != wantFrom || length != wantTo-wantFrom || length != d.length {
		return download{}, fmt.Errorf("the server answers %d bytes from %d of %d for the range %s", length, from, size, r)
	}
	d.info.Size = size
	return d, nil
}

// nothing settles the answer that a range from the start does not exist: the
// object is empty, or was at that moment.
func (b *bucket) nothing(ctx context.Context, key string, opts ports.GetOptions) (download, error) {
	info, err := b.stat(ctx, "get", key)
	switch {
	case err != nil:
		return download{}, err
	case info.Version == opts.IfNoneMatch:
		return download{}, ports.Fail("get", key, ports.ErrNotModified, nil)
	case info.Size > 0:
		return download{}, ports.Fail("get", key, ports.ErrBusy, errors.New("the object is no longer empty"))
	}
	return download{info: info, body: io.NopCloser(eof{})}, nil
}

// beyond answers for an offset that no object reaches, and that servers fail to
// read.
func (b *bucket) beyond(ctx context.Context, key string, opts ports.GetOptions) error {
	info, err := b.stat(ctx, "get", key)
	switch {
	case err != nil:
		return err
	case info.Version == opts.IfNoneMatch:
		return ports.Fail("get", key, ports.ErrNotModified, nil)
	}
	return ports.Fail("get", key, ports.ErrInvalidKey, errRange)
}

// bytes reads all of the body, into memory of its own, up to its end: there the
// SDK compares checksums.
func (d download) bytes() ([]byte, error) {
	buffer := make([]byte, d.length+1) // one more, to see the end
	n, err := io.ReadFull(d.body, buffer)
	switch {
	case err == nil:
		return nil, fmt.Errorf("the body has more than the announced %d bytes", d.length)
	case err != io.EOF && err != io.ErrUnexpectedEOF:
		return nil, err
	case int64(n) != d.length:
		return nil, fmt.Errorf("the body ended after %d of %d bytes: %w", n, d.length, io.ErrUnexpectedEOF)
	}
	return buffer[:n:n], nil
}

type eof struct{}

func (eof) Read([]byte) (int, error) { return 0, io.EOF }

// Stat implements ports.ObjectStore. A bucket that does not exist can't be told
// from an object that does not.
func (b *bucket) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	if err := b.enterKey(ctx, "stat", key); err != nil {
		return ports.ObjectInfo{}, err
	}
	defer b.gate.Leave()
	return b.stat(ctx, "stat", key)
}

func (b *bucket) stat(ctx context.Context, op, key string) (ports.ObjectInfo, error) {
	out, err := b.client.HeadObject(ctx, &awss3.HeadObjectInput{Bucket: &b.name, Key: &key}, b.each...)
	if err != nil {
		return ports.ObjectInfo{}, b.readFailure(ctx, op, key, err)
	}
	info, err := infoOf(key, out.ETag, out.ContentLength, out.LastModified)
	if err != nil {
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrUnavailable, err)
	}
	return info, nil
}

// infoOf makes the information on an object of the headers of an answer.
func infoOf(key string, etag *string, length *int64, modified *time.Time) (ports.ObjectInfo, error) {
	if aws.ToString(etag) == "" || aws.ToInt64(length) < 0 || length == nil {
		return ports.ObjectInfo{}, errNoVersion
	}
	return ports.ObjectInfo{Key: key, Version: versionOf(*etag), Size: *length, ModTime: aws.ToTime(modified)}, nil
}
