package fs

import "golang.org/x/sys/unix"

// flush waits until a file or folder is on the disk. There, fsync alone leaves
// the data in the drive's cache.
func flush(fd int) error {
	for {
		_, err := unix.FcntlInt(uintptr(fd), unix.F_FULLFSYNC, 0)
		if err == unix.ENOTSUP || err == unix.EINVAL {
			err = unix.Fsync(fd)
		}
		if err != unix.EINTR {
			return err
		}
	}
}
