//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// descriptor is an open file without the cost of an os.File.
type descriptor int

// ReadAt implements io.ReaderAt.
func (d descriptor) ReadAt(p []byte, offset int64) (int, error) {
	done := 0
	for done < len(p) {
		n, err := unix.Pread(int(d), p[done:], offset+int64(done))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return done, err
		}
		if n == 0 {
			return done, io.EOF
		}
		done += n
	}
	return done, nil
}

// readAll fills p from offset, looking at ctx between chunks.
func (d descriptor) readAll(ctx context.Context, p []byte, offset int64) error {
	for len(p) > 0 {
		n, err := d.ReadAt(p[:min(len(p), chunk)], offset)
		if errors.Is(err, io.EOF) {
			return refuse(ports.ErrBusy, errChanged)
		}
		if err != nil {
			return during("read", err)
		}
		p, offset = p[n:], offset+int64(n)
		if len(p) > 0 {
			if err := contextDone(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}
