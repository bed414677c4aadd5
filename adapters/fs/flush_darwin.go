package fs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// flush waits until a file or folder is on the disk. There, fsync alone leaves
// the data in the drive's cache.
func flush(fd int) error {
	return again(func() error {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
		if errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EINVAL) {
			return unix.Fsync(fd)
		}
		return err
	})
}
