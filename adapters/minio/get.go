package minio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
)

// Get makes one request, and one more for a range of an empty object.
func (s *bucket) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	name, err := s.enter(ctx, "get", key)
	if err != nil {
		return ports.Object{}, err
	}
	defer s.gate.Leave()
	found, err := s.open(ctx, "get", key, name, opts)
	if err != nil {
		return ports.Object{}, err
	}
	defer found.body.Close() //nolint:errcheck // it was read, or failed
	data, err := readBody(found.body, found.length)
	if err != nil {
		return ports.Object{}, s.fail(ctx, attempt{op: "get", key: key}, err)
	}
	return ports.Object{ObjectInfo: found.info, Data: data}, nil
}

// Stat makes one request. A server that leaves the reason out of its answers
// to HEAD, as some do, says "not found" of a missing bucket too.
func (s *bucket) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	name, err := s.enter(ctx, "stat", key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	defer s.gate.Leave()
	entry, err := s.core.StatObject(ctx, s.name, name, sdk.StatObjectOptions{})
	if err != nil {
		return ports.ObjectInfo{}, s.fail(ctx, attempt{op: "stat", key: key}, err)
	}
	info := listed(key, &entry)
	return info, checked("stat", info)
}

// opened is the answer to a GET whose body was not read yet.
type opened struct {
	info   ports.ObjectInfo
	body   io.ReadCloser
	length int64 // of the body; negative: unknown
}

func (s *bucket) open(ctx context.Context, op, key, name string, opts ports.GetOptions) (opened, error) {
	if r := opts.Range; r.Offset < 0 || r.Length < 0 {
		return opened{}, ports.Fail(op, key, ports.ErrInvalidKey, fmt.Errorf("the range (%s) is negative", r))
	}
	body, entry, header, err := s.core.GetObject(ctx, s.name, name, request(opts))
	if err != nil {
		err = s.fail(ctx, attempt{op: op, key: key}, err)
		if opts.Range.Offset == 0 && !opts.Range.IsWhole() && errors.Is(err, ports.ErrInvalidKey) {
			return s.openCut(ctx, op, key, name, opts) // no byte of an empty object is in any range
		}
		return opened{}, err
	}
	found := opened{info: listed(key, &entry), body: body, length: entry.Size}
	if err := checked(op, found.info); err != nil {
		return opened{}, closing(body, err)
	}
	if opts.Range.IsWhole() {
		return found, nil
	}
	return found, closingIf(body, found.cut(op, key, opts.Range, header))
}

// openCut asks for the whole object and takes the range out of it.
func (s *bucket) openCut(ctx context.Context, op, key, name string, opts ports.GetOptions) (opened, error) {
	r := opts.Range
	opts.Range = ports.Range{}
	found, err := s.open(ctx, op, key, name, opts)
	if err != nil {
		return opened{}, err
	}
	return found, closingIf(found.body, found.cut(op, key, r, nil))
}

// cut makes the answer that of a range. A server that knows no ranges answers
// with the whole object, without saying what part it is.
func (o *opened) cut(op, key string, r ports.Range, header http.Header) error {
	part := header.Get("Content-Range")
	if part != "" {
		size, err := strconv.ParseInt(part[strings.LastIndexByte(part, '/')+1:], 10, 64)
		from, to, ok := r.Within(size)
		if err != nil || !ok || part != fmt.Sprintf("bytes %d-%d/%d", from, to-1, size) || (o.length >= 0 && o.length != to-from) {
			return ports.Fail(op, key, ports.ErrUnavailable, fmt.Errorf("the server answers Content-Range %q with %d bytes to the range (%s)", part, o.length, r))
		}
		o.info.Size = size
		return nil
	}
	from, to, ok := r.Within(o.info.Size)
	if !ok {
		return ports.Fail(op, key, ports.ErrInvalidKey, fmt.Errorf("the range (%s) is not within %d bytes", r, o.info.Size))
	}
	if _, err := io.CopyN(io.Discard, o.body, from); err != nil {
		return ports.Fail(op, key, ports.ErrUnavailable, err)
	}
	o.body = limited{io.LimitReader(o.body, to-from), o.body}
	o.length = to - from
	return nil
}

type limited struct {
	io.Reader
	io.Closer
}

// request writes the options as headers.
func request(opts ports.GetOptions) (headers sdk.GetObjectOptions) {
	if isETag(opts.IfNoneMatch) {
		headers.Set("If-None-Match", `"`+string(opts.IfNoneMatch)+`"`)
	}
	r := opts.Range
	if !r.IsWhole() {
		headers.Set("Range", byteRange(r))
	}
	return headers
}

// byteRange writes a range as HTTP does, to the end where it has no other.
func byteRange(r ports.Range) string {
	text := "bytes=" + strconv.FormatInt(r.Offset, 10) + "-"
	if r.Length == 0 || r.Length > math.MaxInt64-r.Offset {
		return text
	}
	return text + strconv.FormatInt(r.Offset+r.Length-1, 10)
}

// isETag says whether a version can be one of a server. Others match no object,
// and must not reach a header, where they could mean something else: "*" is any.
func isETag(v ports.Version) bool {
	for i := range len(v) {
		if c := v[i]; c <= ' ' || c >= 0x7f || c == '"' || c == '*' {
			return false
		}
	}
	return v != ""
}

// readBody reads a body of known length into one slice of that size.
func readBody(body io.Reader, length int64) ([]byte, error) {
	if length < 0 {
		return io.ReadAll(body)
	}
	data := make([]byte, length)
	_, err := io.ReadFull(body, data)
	return data, err
}

// checked refuses an object that has no version: no condition could name it.
func checked(op string, info ports.ObjectInfo) error {
	if info.Version == "" {
		return ports.Fail(op, info.Key, ports.ErrUnsupported, errNoETag)
	}
	return nil
}

var errNoETag = errors.New("the server gives the object no ETag")

func closing(body io.Closer, err error) error {
	_ = body.Close()
	return err
}

func closingIf(body io.Closer, err error) error {
	if err != nil {
		_ = body.Close()
	}
	return err
}
