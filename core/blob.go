package core

import (
	"context"
	"errors"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

// Blobs are byte strings of any size under names such as "avatars/ann.png",
// beside the documents. They are moved in constant memory. The object key of a
// blob is its name, with the same escapes as in those of documents, and ".blob":
// avatars/ann.png.blob. Folders may hold blobs and documents at once, but the
// scan of a collection lists the blobs in its folder, too.
//
// Unlike documents, blobs have no revision of their own. A conditional Put is
// a compare-and-swap by the store; a Put whose outcome can't be told answers
// ErrOutcomeUnknown and is never resolved by reading back. Delete removes the object itself and leaves
// nothing, so on a store behind a network a Put that answered ErrOutcomeUnknown
// may still take effect after it.
//
// Blobs is safe for concurrent use.
type Blobs struct {
	db       *DB
	streamer ports.Streamer // nil: the store has none
}

// Blob describes one state of a blob.
type Blob struct {
	Name    string
	Version ports.Version // for conditions; opaque
	Size    int64         // bytes
	ModTime time.Time     // by the clock of the store
}

const blobOp = " blob"

// Blobs opens the blobs of the database. Put and Get need a store that can
// stream, as all adapters of this project do, and answer ErrUnsupported
// otherwise.
func (db *DB) Blobs() *Blobs {
	b := &Blobs{db: db}
	b.streamer, _ = ports.As[ports.Streamer](db.store)
	return b
}

// Put stores what body yields as the whole blob if the condition holds when it
// is complete: ports.Any, ports.IfAbsent (else ErrExists), or ports.IfVersion
// (else ErrConflict). If body fails, the blob stays as it was, and the error
// matches that of body. A body that is an io.Seeker is read again from where it
// stood if the store asks for another attempt.
func (b *Blobs) Put(ctx context.Context, name string, body io.Reader, condition ports.Condition) (blob Blob, err error) {
	const op = "put" + blobOp
	ctx, end := b.operation(ctx, op, name)
	defer func() { end(1, err) }()
	key, err := b.begin(op, name, true)
	if err != nil {
		return blob, err
	}
	if body == nil {
		return blob, invalid(op, "", name, "the body is nil")
	}
	source := newBlobSource(body)
	info, err := b.put(ctx, key, source, condition)
	switch {
	case err == nil:
		return blobOf(name, info), nil
	case source.failed != nil:
		return blob, readFail(op, "", name, err) // it was never sent as a whole
	case condition.IsAbsent() && errors.Is(err, ports.ErrPrecondition):
		return blob, &Error{Op: op, ID: name, Kind: ErrExists}
	default:
		return blob, fail(op, "", name, err)
	}
}

func (b *Blobs) put(ctx context.Context, key string, source *blobSource, condition ports.Condition) (ports.ObjectInfo, error) {
	retrier := b.db.registers.Retry
	for attempt := 1; ; attempt++ {
		call, end := b.db.storeCall(ctx, "put stream", key)
		info, err := b.streamer.PutStream(call, key, source, condition)
		end(ports.StoreCallResult{Bytes: int(source.read), Err: err})
		if err == nil || source.failed != nil || retrier.Exhausted(attempt, err) {
			return info, err
		}
		if errors.Is(err, ports.ErrUnknown) || !retry.Again(ctx, err) || !source.rewind() {
			return info, err
		}
		if retrier.Wait(ctx, "put blob", key, attempt, err) != nil {
			return info, err
		}
	}
}

// Get opens a blob for reading: the whole of it, or the range that options
// ask for. With IfNoneMatch it answers ErrNotModified if that is the current
// version. One request, and another one each time that reading has to go on
// after a failure or a Seek. The reader must be closed.
func (b *Blobs) Get(ctx context.Context, name string, options ports.GetOptions) (reader *BlobReader, err error) {
	const op = "get" + blobOp
	ctx, end := b.operation(ctx, op, name)
	defer func() {
		if err != nil {
			end(0, err)
		}
	}()
	key, err := b.begin(op, name, true)
	if err != nil {
		return nil, err
	}
	reader = &BlobReader{blobs: b, ctx: ctx, key: key, end: end}
	err = b.db.registers.Retry.Do(ctx, op, key, func() error { return reader.first(name, options) })
	if err != nil {
		return nil, readFail(op, "", name, err)
	}
	return reader, nil
}

// Stat describes a blob; ErrNotFound if there is none. One request.
func (b *Blobs) Stat(ctx context.Context, name string) (blob Blob, err error) {
	const op = "stat" + blobOp
	ctx, end := b.operation(ctx, op, name)
	defer func() { end(0, err) }()
	key, err := b.begin(op, name, false)
	if err != nil {
		return blob, err
	}
	var info ports.ObjectInfo
	err = b.db.registers.Retry.Do(ctx, op, key, func() (err error) {
		info, err = b.db.store.Stat(ctx, key)
		return err
	})
	if err != nil {
		return blob, readFail(op, "", name, err)
	}
	return blobOf(name, info), nil
}

// Delete removes a blob, with ports.Any nil if there is none, and with
// ports.IfVersion ErrConflict if it is not at that version. Stores that can't
// delete on a condition answer ErrUnsupported to one. One request.
func (b *Blobs) Delete(ctx context.Context, name string, condition ports.Condition) (err error) {
	const op = "delete" + blobOp
	ctx, end := b.operation(ctx, op, name)
	defer func() { end(0, err) }()
	key, err := b.begin(op, name, false)
	if err != nil {
		return err
	}
	retrier := b.db.registers.Retry
	for attempt := 1; ; attempt++ {
		err := b.db.store.Delete(ctx, key, condition)
		undecided := errors.Is(err, ports.ErrUnknown) && !condition.IsAny()
		if err == nil || undecided || !retry.Again(ctx, err) || retrier.Exhausted(attempt, err) {
			return fail(op, "", name, err)
		}
		if retrier.Wait(ctx, op, key, attempt, err) != nil {
			return fail(op, "", name, err)
		}
	}
}

// List yields the blobs whose names start with prefix, in the order of their
// object keys: a request for each thousand objects whose key starts so, blobs
// or not. A failure comes as the last pair.
func (b *Blobs) List(ctx context.Context, prefix string) iter.Seq2[Blob, error] {
	return func(yield func(Blob, error) bool) {
		if err := b.db.checkOpen("list"+blobOp, "", ""); err != nil {
			yield(Blob{}, err)
			return
		}
		for _, options := range blobRanges(prefix) {
			for info, err := range fetch.Objects(ctx, b.db.registers, options) {
				if err != nil {
					yield(Blob{}, readFail("list"+blobOp, "", "", err))
					return
				}
				name, ok := layout.BlobName(info.Key)
				if ok && strings.HasPrefix(name, prefix) && !yield(blobOf(name, info), nil) {
					return
				}
			}
		}
	}
}

// blobRanges leaves the system's objects out of a listing of everything.
func blobRanges(prefix string) []ports.ListOptions {
	if prefix != "" {
		return []ports.ListOptions{{Prefix: layout.BlobPrefix(prefix)}}
	}
	return []ports.ListOptions{{EndBefore: layout.SystemPrefix}, {StartAfter: layout.SystemEnd}}
}

// begin checks what every call starts with.
func (b *Blobs) begin(op, name string, streams bool) (key string, err error) {
	if problem := layout.CheckBlob(name); problem != "" {
		return "", invalid(op, "", name, "%s", problem)
	}
	if err := b.db.checkOpen(op, "", name); err != nil {
		return "", err
	}
	if streams && b.streamer == nil {
		return "", &Error{Op: op, ID: name, Kind: ErrUnsupported, Err: errors.New("the store can't stream")}
	}
	return layout.BlobKey(name), nil
}

func (b *Blobs) operation(ctx context.Context, op, name string) (context.Context, func(int, error)) {
	folder, last := layout.SplitKey(name)
	return b.db.operation(ctx, ports.OperationInfo{Name: op, Collection: folder, ID: last})
}

func blobOf(name string, info ports.ObjectInfo) Blob {
	return Blob{Name: name, Version: info.Version, Size: info.Size, ModTime: info.ModTime}
}
