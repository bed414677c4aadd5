package core

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

// BlobReader reads one state of a blob. If the connection breaks, it goes on
// where it was, as long as the blob is still at the same version; if it is
// not, Read answers ErrConflict. It never mixes two states, and never ends
// early without an error. If the store finds out at the end that what it sent is
// wrong, the last bytes are withheld and Read fails. It can seek, so that http.ServeContent
// can use it. It reads under the context of its Get, must be closed, and is not
// safe for concurrent use.
type BlobReader struct {
	blobs *Blobs
	ctx   context.Context
	key   string
	blob  Blob
	end   func(int, error) // of the operation

	from, to int64 // what was asked for of the blob
	offset   int64 // of the next byte
	failures int   // since the last byte
	failed   error
	closed   bool

	stream   io.ReadCloser // nil: to be opened
	at       int64         // offset of its next byte
	endCall  func(ports.StoreCallResult)
	streamed int
}

var _ io.ReadSeekCloser = (*BlobReader)(nil)

// Blob describes the state that is read.
func (r *BlobReader) Blob() Blob { return r.blob }

// Len is how many bytes are left to read.
func (r *BlobReader) Len() int64 { return max(0, r.to-r.offset) }

// first opens the stream for the first time.
func (r *BlobReader) first(name string, options ports.GetOptions) error {
	info, err := r.open(options)
	if err != nil {
		return err
	}
	r.blob = blobOf(name, info)
	from, to, ok := options.Range.Within(info.Size)
	if !ok {
		r.drop(nil)
		return ports.Fail("get blob", r.key, ports.ErrInvalidKey, fmt.Errorf("the range (%v) is not within %d bytes", options.Range, info.Size))
	}
	r.from, r.to, r.offset, r.at = from, to, from, from
	return nil
}

func (r *BlobReader) open(options ports.GetOptions) (ports.ObjectInfo, error) {
	ctx, end := r.blobs.db.storeCall(r.ctx, "get stream", r.key)
	info, stream, err := r.blobs.streamer.GetStream(ctx, r.key, options)
	if err != nil {
		end(ports.StoreCallResult{Err: failure(err)})
		return info, err
	}
	r.stream, r.endCall, r.streamed = stream, end, 0
	return info, nil
}

// reopen opens the stream at the offset.
func (r *BlobReader) reopen() error {
	info, err := r.open(ports.GetOptions{Range: ports.Range{Offset: r.offset, Length: r.to - r.offset}})
	gone := errors.Is(err, ports.ErrNotFound) || errors.Is(err, ports.ErrInvalidKey) // deleted, or shorter
	switch {
	case gone, err == nil && info.Version != r.blob.Version:
		r.drop(nil)
		return ports.Fail("get blob", r.key, ports.ErrPrecondition, errors.New("it was replaced or deleted while it was read"))
	case err != nil:
		return err
	}
	r.at = r.offset
	return nil
}

// drop closes the stream.
func (r *BlobReader) drop(cause error) {
	if r.stream != nil {
		_ = r.stream.Close()
		r.endCall(ports.StoreCallResult{Bytes: r.streamed, Err: cause})
		r.stream = nil
	}
}

// Read reads on, from a new connection if need be.
func (r *BlobReader) Read(p []byte) (int, error) {
	if err := r.usable(); err != nil {
		return 0, err
	}
	for {
		if r.offset >= r.to {
			return 0, r.finish()
		}
		if len(p) == 0 {
			return 0, nil
		}
		n, err := r.step(p[:min(int64(len(p)), r.to-r.offset)])
		switch {
		case r.failed != nil:
			return 0, r.failed
		case n > 0:
			r.failures = 0
			return n, nil // an error comes again, or is mended
		case err == nil:
			continue
		}
		if err := r.mend(err); err != nil {
			r.failed = readFail("get"+blobOp, "", r.blob.Name, err)
			return 0, r.failed
		}
	}
}

func (r *BlobReader) usable() error {
	if r.closed {
		return &Error{Op: "get" + blobOp, ID: r.blob.Name, Kind: ErrClosed, Err: errors.New("the reader is closed")}
	}
	return r.failed
}

// step makes one read on the stream.
func (r *BlobReader) step(p []byte) (int, error) {
	if r.stream != nil && r.at != r.offset {
		r.drop(nil)
	}
	if r.stream == nil {
		if err := r.reopen(); err != nil {
			return 0, err
		}
	}
	n, err := r.stream.Read(p)
	r.at, r.offset = r.at+int64(n), r.offset+int64(n)
	r.streamed += n
	switch {
	case r.offset == r.to:
		r.settle(err)
		return n, nil
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF):
		err = io.ErrUnexpectedEOF
	}
	r.drop(err)
	return n, err
}

// finish is what Read answers at the end. A stream without any byte was not
// read yet.
func (r *BlobReader) finish() error {
	if r.stream != nil && r.at == r.to {
		r.settle(nil)
	}
	if r.failed != nil {
		return r.failed
	}
	return io.EOF
}

// settle reads the stream, whose last byte has been read, to its end: only there
// some stores compare checksums. A connection that breaks there has left nothing
// to ask for; any other failure is final, since nothing could disprove it.
func (r *BlobReader) settle(err error) {
	var extra [1]byte
	for tries := 0; err == nil; tries++ {
		var n int
		switch n, err = r.stream.Read(extra[:]); {
		case n > 0:
			err = ports.Fail("get blob", r.key, ports.ErrCorrupt, errors.New("there are more bytes than the store announced"))
		case err == nil && tries == 100:
			err = io.ErrNoProgress
		}
	}
	if err == io.EOF || retry.Again(r.ctx, err) { //nolint:errorlint // bare by contract of Reader
		r.drop(nil)
		return
	}
	r.drop(err)
	r.failed = readFail("get"+blobOp, "", r.blob.Name, err)
}

// mend decides whether a failed read is tried again, and waits before it is.
// An error that is not of the contract came from the connection.
func (r *BlobReader) mend(cause error) error {
	var known *ports.Error
	retrier := r.blobs.db.registers.Retry
	again := retry.Again(r.ctx, cause) || !errors.As(cause, &known) && r.ctx.Err() == nil
	if r.failures++; !again || r.failures >= retrier.Policy.Attempts {
		return cause
	}
	if retrier.Wait(r.ctx, "get blob", r.key, r.failures, cause) != nil {
		return cause
	}
	return nil
}

// Seek moves to an offset in what was asked for: the blob, or its range. It
// makes no request; the next Read does if it has to.
func (r *BlobReader) Seek(offset int64, whence int) (int64, error) {
	if err := r.usable(); err != nil {
		return 0, err
	}
	base := r.from
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		base = r.offset
	case io.SeekEnd:
		base = r.to
	default:
		return 0, invalid("seek"+blobOp, "", r.blob.Name, "whence is %d", whence)
	}
	if base+offset < r.from {
		return 0, invalid("seek"+blobOp, "", r.blob.Name, "the offset is before the start")
	}
	r.offset = base + offset
	return r.offset - r.from, nil
}

// Close ends reading; a second Close answers nil.
func (r *BlobReader) Close() error {
	if r.closed {
		return nil
	}
	r.closed = true
	r.drop(nil)
	r.end(1, r.failed)
	return nil
}
