package s3

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	smallBody    = 64 << 10 // is read without the memory of a part
	surelyHeard  = 1 << 20  // see PutStream
	partAttempts = 3
	abortTime    = 10 * time.Second
)

// PutStream implements ports.Streamer. Up to PartSize bytes are one PutObject;
// more are an upload in parts, whose condition is decided when the parts are
// made an object. With a condition it is an upload from 1 MiB on: a server that
// refuses a long body before it has read it closes the connection, and then
// nobody hears the answer. Parts are sent up to three times, as they change nothing. An
// upload that fails is aborted; one whose end is unknown can't be, and its
// parts stay until a lifecycle rule of the bucket removes them.
func (b *bucket) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	if err := b.enterKey(ctx, "put", key); err != nil {
		return ports.ObjectInfo{}, err
	}
	defer b.gate.Leave()
	if err := b.admit(ctx, key, cond); err != nil {
		return ports.ObjectInfo{}, err
	}
	src := &source{ctx: ctx, key: key, body: body}
	small := make([]byte, min(smallBody, b.parts.size))
	n, err := src.fill(small)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	if src.ended {
		return b.put(ctx, key, small[:n], cond)
	}
	buffer := b.parts.get()
	n = copy(buffer, small)
	more, err := src.fill(buffer[n:])
	next := [1]byte{}
	ahead := 0
	if err == nil && !src.ended {
		ahead, err = src.fill(next[:]) // does it go on?
	}
	if err == nil && ahead == 0 && b.inParts(n+more, cond) {
		src.ended = true
		return b.upload(ctx, src, buffer, n+more, cond)
	}
	if err != nil || ahead == 0 {
		defer b.parts.put(buffer)
		if err != nil {
			return ports.ObjectInfo{}, err
		}
		return b.put(ctx, key, buffer[:n+more], cond)
	}
	src.body = io.MultiReader(&oneByte{b: next[0]}, body)
	src.ended = false
	return b.upload(ctx, src, buffer, len(buffer), cond)
}

// inParts reports whether a body that fits into one part is sent as an upload.
func (b *bucket) inParts(size int, cond ports.Condition) bool {
	return size > surelyHeard && !cond.IsAny() && b.facts.ConditionalUpload
}

// oneByte gives back the byte that was read ahead.
type oneByte struct {
	b    byte
	read bool
}

// Read implements io.Reader.
func (o *oneByte) Read(p []byte) (int, error) {
	if o.read {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	p[0], o.read = o.b, true
	return 1, nil
}

// upload is one object on its way in parts.
type upload struct {
	bucket *bucket
	key    string
	id     *string
	cancel context.CancelFunc // of the parts

	mu     sync.Mutex
	failed error
	done   []types.CompletedPart
	size   int64
}

// upload sends what src gives, of which the first part is read.
func (b *bucket) upload(ctx context.Context, src *source, first []byte, size int, cond ports.Condition) (ports.ObjectInfo, error) {
	made := b.parts.inMemory(1, first, size, b.opts.Checksum == ChecksumMD5)
	if !cond.IsAny() && !b.facts.ConditionalUpload {
		made.free()
		return ports.ObjectInfo{}, ports.Fail("put", src.key, ports.ErrUnsupported, errors.New("the server ignores conditions of uploads in parts"))
	}
	in := awss3.CreateMultipartUploadInput{Bucket: &b.name, Key: &src.key}
	if b.opts.Checksum == ChecksumCRC {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
	}
	out, err := b.client.CreateMultipartUpload(ctx, &in, b.each...)
	if err != nil {
		made.free()
		return ports.ObjectInfo{}, b.settleNested(ctx, src.key, b.asideFailure(ctx, src.key, err))
	}
	u := &upload{bucket: b, key: src.key, id: out.UploadId}
	info, err := u.run(ctx, src, made, cond)
	if err != nil && !errors.Is(err, ports.ErrUnknown) {
		u.abort(ctx)
	}
	return info, b.settleNested(ctx, src.key, err)
}

func (u *upload) run(ctx context.Context, src *source, first part, cond ports.Condition) (ports.ObjectInfo, error) {
	if err := u.send(ctx, src, first); err != nil {
		return ports.ObjectInfo{}, err
	}
	if err := ports.ContextDone(ctx, "put", u.key); err != nil {
		return ports.ObjectInfo{}, err
	}
	return u.complete(ctx, cond)
}

// send reads part after part and sends them, Parallel at once. A place is taken
// before a part is read, so that no more than Parallel are in memory.
func (u *upload) send(ctx context.Context, src *source, first part) error {
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	u.cancel = cancel
	src.ctx = sending
	places := make(chan struct{}, u.bucket.opts.Parallel)
	var sent sync.WaitGroup
	next := first
	for number := int32(1); ; {
		places <- struct{}{}
		if number > 1 {
			var err error
			if next, err = u.read(src, number); err != nil {
				u.fail(ctx, err)
				break
			}
			if next.size == 0 {
				next.free()
				break
			}
		}
		sent.Add(1)
		go func(p part) {
			defer sent.Done()
			defer func() { <-places }()
			defer p.free()
			if err := u.sendPart(sending, p); err != nil {
				u.fail(ctx, err)
			}
		}(next)
		if number++; src.ended {
			break
		}
	}
	sent.Wait()
	return u.failed
}

// fail notes the first failure and stops the rest, whose failures follow.
func (u *upload) fail(ctx context.Context, err error) {
	done := ports.ContextDone(ctx, "put", u.key)
	u.mu.Lock()
	defer u.mu.Unlock()
	u.failed = cmp.Or(u.failed, done, err)
	u.cancel()
}

func (u *upload) read(src *source, number int32) (part, error) {
	b := u.bucket
	if number > maxParts {
		return part{}, ports.Fail("put", u.key, ports.ErrTooLarge, fmt.Errorf("more than %d parts", maxParts))
	}
	sum := b.opts.Checksum == ChecksumMD5
	if size := partSize(b.parts.size, number); size > b.parts.size {
		return onDisk(number, src, size, sum)
	}
	buffer := b.parts.get()
	n, err := src.fill(buffer)
	if err != nil {
		b.parts.put(buffer)
		return part{}, err
	}
	return b.parts.inMemory(number, buffer, n, sum), nil
}

// sendPart sends a part until it is there.
func (u *upload) sendPart(ctx context.Context, p part) error {
	for attempt := 1; ; attempt++ {
		err := u.tryPart(ctx, p)
		again := errors.Is(err, ports.ErrBusy) || errors.Is(err, ports.ErrUnavailable)
		if !again || attempt == partAttempts {
			return err
		}
		if u.bucket.opts.Clock.Sleep(ctx, 100*time.Millisecond<<attempt) != nil {
			return err
		}
		if _, err := p.body.Seek(0, io.SeekStart); err != nil {
			return ports.Fail("put", u.key, ports.ErrUnavailable, err)
		}
	}
}

func (u *upload) tryPart(ctx context.Context, p part) error {
	b := u.bucket
	in := awss3.UploadPartInput{
		Bucket: &b.name, Key: &u.key, UploadId: u.id, PartNumber: &p.number,
		Body: p.body, ContentLength: &p.size, ContentMD5: p.md5,
	}
	if b.opts.Checksum == ChecksumCRC {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32
	}
	out, err := b.client.UploadPart(ctx, &in, b.each...)
	if err != nil {
		return b.asideFailure(ctx, u.key, err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.size += p.size
	u.done = append(u.done, types.CompletedPart{ETag: out.ETag, PartNumber: &p.number, ChecksumCRC32: out.ChecksumCRC32})
	return nil
}

// complete makes the parts an object, if cond holds.
func (u *upload) complete(ctx context.Context, cond ports.Condition) (ports.ObjectInfo, error) {
	slices.SortFunc(u.done, func(a, b types.CompletedPart) int { return int(*a.PartNumber - *b.PartNumber) })
	b := u.bucket
	in := awss3.CompleteMultipartUploadInput{
		Bucket: &b.name, Key: &u.key, UploadId: u.id,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: u.done},
	}
	in.IfMatch, in.IfNoneMatch = headers(cond)
	a, options := b.begin()
	out, err := b.client.CompleteMultipartUpload(ctx, &in, options...)
	if err != nil {
		return ports.ObjectInfo{}, b.writeFailure(ctx, "put", u.key, cond, a, err)
	}
	if out.ETag == nil || *out.ETag == "" {
		return ports.ObjectInfo{}, ports.Fail("put", u.key, ports.ErrUnknown, errNoVersion)
	}
	return ports.ObjectInfo{Key: u.key, Version: versionOf(*out.ETag), Size: u.size, ModTime: serverTime(out.ResultMetadata)}, nil
}

// abort gives the parts back, also where ctx has ended. If it fails, they stay.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	in := awss3.AbortMultipartUploadInput{Bucket: &u.bucket.name, Key: &u.key, UploadId: u.id}
	_, _ = u.bucket.client.AbortMultipartUpload(ctx, &in, u.bucket.each...)
}

// asideFailure is the failure of a request that belongs to a write and changes
// no object.
func (b *bucket) asideFailure(ctx context.Context, key string, err error) error {
	switch kind := answer(err); {
	case errors.Is(kind, errNested):
		return ports.Fail("put", key, errNested, err)
	case errors.Is(kind, ports.ErrNotFound), errors.Is(kind, ports.ErrNotModified):
		return ports.Fail("put", key, ports.ErrUnavailable, err)
	}
	return b.readFailure(ctx, "put", key, err)
}

// asFailure makes a *ports.Error of an error of local work.
func asFailure(err error, key string) error {
	if failure, ok := errors.AsType[*ports.Error](err); ok {
		return failure
	}
	return ports.Fail("put", key, ports.ErrUnavailable, err)
}
