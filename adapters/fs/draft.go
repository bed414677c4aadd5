//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"hash"
	"io"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// chunk is how much is moved between two looks at the context.
const chunk = 4 << 20

// draft is the file of one put before it is renamed into place.
type draft struct {
	scratch *scratch
	name    string
	fd      int
	size    int64
	stamp   int64     // the modification time it has been given
	digest  hash.Hash // where versions are hashes, otherwise nil
	moved   bool      // into place: no longer ours to remove
}

// write appends data, in pieces, so that the end of ctx is noticed soon.
func (d *draft) write(ctx context.Context, data []byte) error {
	for len(data) > 0 {
		if err := contextDone(ctx); err != nil {
			return err
		}
		n, err := unix.Write(d.fd, data[:min(len(data), chunk)])
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return during("write", err)
		}
		if d.digest != nil {
			d.digest.Write(data[:n])
		}
		d.size += int64(n)
		data = data[n:]
	}
	return nil
}

// streamBuffers are all the memory that a stream needs.
var streamBuffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}

// readFrom appends what body has, in constant memory.
func (d *draft) readFrom(ctx context.Context, body io.Reader) error {
	buffer := streamBuffers.Get().(*[]byte)
	defer streamBuffers.Put(buffer)
	for {
		if err := contextDone(ctx); err != nil {
			return err
		}
		n, err := body.Read(*buffer)
		if n > 0 {
			if err := d.write(ctx, (*buffer)[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			// Nothing was changed, whatever the reader's error may say of itself.
			return refuse(ports.ErrUnavailable, during("read the body", err))
		}
	}
}

// settle gives the file its modification time and, if it is to be durable,
// flushes both. The time comes first: a version that a power cut could take
// back would recur.
func (d *draft) settle(stamp int64, durable bool) error {
	if err := setTime(d.scratch.dir, d.name, stamp); err != nil {
		return during("set modification time", err)
	}
	d.stamp = stamp
	if durable {
		return during("flush file", flush(d.fd))
	}
	return nil
}

// drop closes the file and removes it unless it was moved into place.
func (d *draft) drop() {
	_ = unix.Close(d.fd)
	if !d.moved {
		_ = unix.Unlinkat(d.scratch.dir, d.name, 0)
	}
}
