package minio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	opUpload = "put stream"

	// parallelParts are sent while another one is read.
	parallelParts = 3

	maxParts = 10_000 // by the protocol

	// abortTime is how long a failed upload may take to remove its parts, also
	// after its context has ended.
	abortTime = 5 * time.Second
)

// PutStream makes one request for a body of up to PartSize, and otherwise one
// for each part and two more. ModTime of its answer is zero: servers don't say
// it.
func (s *bucket) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	name, err := s.enter(ctx, opUpload, key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	defer s.gate.Leave()
	if err := checkPut(opUpload, key, nil, cond); err != nil {
		return ports.ObjectInfo{}, err
	}
	small := s.buffers.small.Get().(*[]byte)
	defer s.buffers.small.Put(small)
	n, ended, err := fill(body, *small)
	if err != nil {
		return ports.ObjectInfo{}, readerFailed(ctx, key, err)
	}
	if ended {
		return s.putWhole(ctx, key, name, (*small)[:n], cond)
	}
	first := s.buffers.large.Get().(*[]byte)
	copy(*first, *small)
	n, ended, err = fill(body, (*first)[n:])
	if n += smallBody; err == nil && !ended {
		return s.upload(ctx, key, name, first, body, cond)
	}
	defer s.buffers.large.Put(first)
	if err != nil {
		return ports.ObjectInfo{}, readerFailed(ctx, key, err)
	}
	return s.putWhole(ctx, key, name, (*first)[:n], cond)
}

func (s *bucket) putWhole(ctx context.Context, key, name string, data []byte, cond ports.Condition) (ports.ObjectInfo, error) {
	if err := ports.ContextDone(ctx, opUpload, key); err != nil {
		return ports.ObjectInfo{}, err // it ended while the body was read
	}
	version, err := s.put(ctx, opUpload, key, name, data, cond)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	return ports.ObjectInfo{Key: key, Version: version, Size: int64(len(data))}, nil
}

// readerFailed is the outcome of a body that can't be read.
func readerFailed(ctx context.Context, key string, err error) error {
	if done := ctx.Err(); done != nil && errors.Is(err, done) {
		return ports.Fail(opUpload, key, done, context.Cause(ctx))
	}
	return ports.Fail(opUpload, key, ports.ErrUnavailable, err)
}

// upload is an object that is sent in parts and becomes visible with the last
// request, under its condition.
type upload struct {
	store     *bucket
	key, name string
	id        string
	free      chan *[]byte // buffers that are not in use

	mu     sync.Mutex
	parts  []sdk.CompletePart
	size   int64
	failed error // the first failure
}

func (s *bucket) upload(ctx context.Context, key, name string, first *[]byte, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	if !cond.IsAny() && !s.uploadsHold {
		s.buffers.large.Put(first)
		return ports.ObjectInfo{}, ports.Fail(opUpload, key, ports.ErrUnsupported, errors.New("the server ignores conditions of uploads in parts"))
	}
	u, err := s.newUpload(ctx, key, name)
	if err != nil {
		s.buffers.large.Put(first)
		return ports.ObjectInfo{}, err
	}
	err = u.send(ctx, first, body)
	if err == nil {
		err = ports.ContextDone(ctx, opUpload, key) // nothing is visible yet
	}
	if err != nil {
		u.abort(ctx)
		return ports.ObjectInfo{}, err
	}
	return u.complete(ctx, cond)
}

// newUpload begins an upload: nothing is visible of it yet.
func (s *bucket) newUpload(ctx context.Context, key, name string) (*upload, error) {
	id, err := s.core.NewMultipartUpload(ctx, s.name, name, putOptions(key, ports.Any))
	if err != nil {
		return nil, s.fail(ctx, attempt{op: opUpload, key: key, stage: staging}, err)
	}
	return &upload{store: s, key: key, name: name, id: id, free: make(chan *[]byte, parallelParts+1)}, nil
}

// uploadOnePart is an upload of a body that would not need one.
func (s *bucket) uploadOnePart(ctx context.Context, key string, data []byte, cond ports.Condition) error {
	name, err := s.enter(ctx, opUpload, key)
	if err != nil {
		return err
	}
	defer s.gate.Leave()
	u, err := s.newUpload(ctx, key, name)
	if err != nil {
		return err
	}
	if err := u.part(ctx, ctx, 1, data); err != nil {
		u.abort(ctx)
		return err
	}
	_, err = u.complete(ctx, cond)
	return err
}

// send uploads parts until the body ends. When it returns, all of them are
// over. It has as many buffers as parts are sent at once, and one to read into.
func (u *upload) send(ctx context.Context, buf *[]byte, body io.Reader) error {
	sending, cancel := context.WithCancel(ctx)
	defer cancel()
	var under sync.WaitGroup
	n, ended := len(*buf), false
	for number := 1; n > 0; number++ {
		part, size := buf, n
		under.Go(func() {
			if err := u.part(ctx, sending, number, (*part)[:size]); err != nil {
				u.stop(err)
				cancel()
			}
			u.free <- part
		})
		if ended {
			break
		}
		var err error
		if buf, err = u.buffer(sending, number+1); err != nil {
			u.stop(err)
			break
		}
		if n, ended, err = fill(body, *buf); err != nil {
			u.stop(readerFailed(ctx, u.key, err))
			cancel()
			n = 0
		}
		if n == 0 {
			u.free <- buf
		}
	}
	under.Wait()
	for range len(u.free) {
		u.store.buffers.large.Put(<-u.free)
	}
	return u.failed
}

// buffer waits for one that a part of that number can be read into.
func (u *upload) buffer(ctx context.Context, number int) (*[]byte, error) {
	if number > maxParts {
		return nil, ports.Fail(opUpload, u.key, ports.ErrTooLarge,
			fmt.Errorf("more than %d parts of %d bytes; set the option PartSize", maxParts, u.store.partSize))
	}
	if number <= cap(u.free) && len(u.free) == 0 {
		return u.store.buffers.large.Get().(*[]byte), nil
	}
	select {
	case buf := <-u.free:
		return buf, nil
	case <-ctx.Done():
		return nil, ports.ContextDone(ctx, opUpload, u.key)
	}
}

// stop keeps the first failure.
func (u *upload) stop(err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.failed == nil {
		u.failed = err
	}
}

// part sends one part. Its failure is judged by the context of the caller, not
// by the one that ends when another part failed.
func (u *upload) part(ctx, sending context.Context, number int, data []byte) error {
	body := &payload{left: data}
	done, err := u.store.core.PutObjectPart(sending, u.store.name, u.name, u.id, number, body, int64(len(data)),
		sdk.PutObjectPartOptions{Sha256Hex: sumOf(data), DisableContentSha256: true})
	body.end()
	if err != nil {
		return u.store.fail(ctx, attempt{op: opUpload, key: u.key, stage: staging}, err)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.parts = append(u.parts, sdk.CompletePart{PartNumber: number, ETag: done.ETag})
	u.size += int64(len(data))
	return nil
}

// complete makes the object visible. Where the outcome is unknown the parts
// stay: removing them could meet the request on its way.
func (u *upload) complete(ctx context.Context, cond ports.Condition) (ports.ObjectInfo, error) {
	slices.SortFunc(u.parts, func(a, b sdk.CompletePart) int { return a.PartNumber - b.PartNumber })
	done, err := u.store.core.CompleteMultipartUpload(ctx, u.store.name, u.name, u.id, u.parts, putOptions(u.key, cond))
	var version ports.Version
	if err == nil {
		version, err = made(opUpload, u.key, done)
	} else {
		_, matched := cond.Version()
		err = u.store.fail(ctx, attempt{op: opUpload, key: u.key, stage: writing, matched: matched}, err)
	}
	if err != nil {
		if !errors.Is(err, ports.ErrUnknown) {
			u.abort(ctx)
		}
		return ports.ObjectInfo{}, err
	}
	return ports.ObjectInfo{Key: u.key, Version: version, Size: u.size}, nil
}

// abort removes the parts, as far as it can: a server removes what is left of
// old uploads by itself.
func (u *upload) abort(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTime)
	defer cancel()
	_ = u.store.core.AbortMultipartUpload(ctx, u.store.name, u.name, u.id)
}
