package s3

import (
	"context"
	"crypto/md5" // what the ETag of a small object is made of
	"encoding/hex"
	"errors"

	"github.com/aws/smithy-go"

	"github.com/smarterbase/smarterbase/ports"
)

// A file-backed server reads the ETag of an object and its bytes one after the
// other, so that an object that is replaced meanwhile is answered with its new
// bytes under its old version. On such servers each read is confirmed. They also
// fail lists while files go away.

const (
	settleTries  = 4
	settleByHash = 64 << 10 // up to here a hash costs less than a request
)

var errMoving = errors.New("the object is replaced each time it is read")

// fileBacked is true for the servers that the probe recognised by their way of
// refusing nested keys.
func (b *bucket) fileBacked() bool { return b.facts.Nesting == NestingRefused }

// read gets bytes and version of one state.
func (b *bucket) read(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	for range settleTries {
		o, err := b.readOnce(ctx, key, opts)
		if err != nil || !b.fileBacked() || (opts.Range.IsWhole() && hashes(o)) {
			return o, err
		}
		if ok, err := b.current(ctx, o.ObjectInfo); ok || err != nil {
			return o, err
		}
	}
	return ports.Object{}, ports.Fail("get", key, ports.ErrBusy, errMoving)
}

// settled is download for streams.
func (b *bucket) settled(ctx context.Context, key string, opts ports.GetOptions) (download, error) {
	for range settleTries {
		d, err := b.download(ctx, key, opts)
		if err != nil || !b.fileBacked() {
			return d, err
		}
		ok, err := b.current(ctx, d.info)
		if ok {
			return d, nil
		}
		_ = d.body.Close()
		if err != nil {
			return download{}, err
		}
	}
	return download{}, ports.Fail("get", key, ports.ErrBusy, errMoving)
}

// settledPage is fetch, again where a file-backed server fails because a file
// went away while it walked through its folder.
func (b *bucket) settledPage(ctx context.Context, p *page, req request) (err error) {
	for range settleTries {
		if err = b.fetch(ctx, p, req); err == nil || !b.fileBacked() || !broke(err) {
			return err
		}
	}
	return err
}

// broke reports whether the server failed by itself.
func broke(err error) bool {
	failure, ok := errors.AsType[smithy.APIError](err)
	return ok && failure.ErrorCode() == "InternalError"
}

// hashes reports whether the version of a small object is the hash of its bytes.
func hashes(o ports.Object) bool {
	if len(o.Data) > settleByHash || len(o.Version) != 2*md5.Size+2 {
		return false
	}
	sum := md5.Sum(o.Data)
	var text [2 * md5.Size]byte
	hex.Encode(text[:], sum[:])
	return string(text[:]) == string(o.Version[1:len(o.Version)-1])
}

// current reports whether an object still has the version that was read. Then
// it had it, too, when the server opened its bytes.
func (b *bucket) current(ctx context.Context, read ports.ObjectInfo) (bool, error) {
	now, err := b.stat(ctx, "get", read.Key)
	if errors.Is(err, ports.ErrNotFound) {
		return false, nil
	}
	return now.Version == read.Version, err
}
