package gcs

import (
	"bytes"
	"context"
	"io"

	"cloud.google.com/go/storage"

	"github.com/smarterbase/smarterbase/ports"
)

// GetStream is Get with a reader. A connection that breaks is resumed at the
// same generation, or the read fails.
func (s *bucket) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	d, err := s.download(ctx, opGetStream, key, opts)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	return d.info, d, nil
}

// smallStream is what is read ahead to find out whether a stream is worth a
// resumable upload, which takes a request more and ChunkSize of memory.
const smallStream = chunkUnit

// PutStream uploads what body gives: up to 256 KiB as Put does, more as a
// resumable upload. Its chunks before the last one are sent again after a
// passing failure, a few times each. The last one makes the object
// visible under cond, and is sent once.
func (s *bucket) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	if err := s.enter(ctx, opPutStream, key); err != nil {
		return ports.ObjectInfo{}, err
	}
	defer s.gate.Leave()
	src := &source{ctx: ctx, body: body}
	var head bytes.Buffer
	if _, err := io.CopyN(&head, src, smallStream+1); err != nil && src.err != nil {
		return ports.ObjectInfo{}, src.fail(opPutStream, key)
	}
	var attrs *storage.ObjectAttrs
	var err error
	if src.ended.Load() {
		attrs, err = s.upload(ctx, opPutStream, key, head.Bytes(), cond)
	} else {
		attrs, err = s.resumable(ctx, key, &head, src, cond)
	}
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	return infoOf(attrs), nil
}

// resumable uploads head and then the rest of src.
func (s *bucket) resumable(ctx context.Context, key string, head io.Reader, src *source, cond ports.Condition) (*storage.ObjectAttrs, error) {
	object, ok := s.conditional(key, cond)
	if !ok {
		return nil, ports.Fail(opPutStream, key, ports.ErrPrecondition, errNever)
	}
	// Before the end of src has been read, no chunk can be the last one. The
	// client repeats chunks also under RetryNever, which has no say there.
	rep := &repeats{src: src}
	object = object.Retryer(storage.WithPolicy(storage.RetryAlways), storage.WithErrorFunc(rep.again))
	a := &attempt{bucket: s.name, op: opPutStream, key: key, cond: cond, applies: src.ended.Load}
	a.start(ctx)
	defer a.stop()
	w := object.NewWriter(a.ctx)
	w.ChunkSize = s.chunkSize
	w.ContentType = contentType(key)
	w.ProgressFunc = func(int64) { rep.count.Store(0) }
	_, err := io.Copy(w, io.MultiReader(head, src))
	if src.err != nil {
		a.stop() // first: Close would finish an upload whose context goes on
		_ = w.Close()
		return nil, src.fail(opPutStream, key)
	}
	if closed := w.Close(); closed != nil {
		err = closed
	}
	return a.written(w, err)
}
