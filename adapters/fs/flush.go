//go:build unix && !aix && !solaris && !darwin

package fs

import "golang.org/x/sys/unix"

// flush waits until a file or folder is on the disk.
func flush(fd int) error {
	for {
		if err := unix.Fsync(fd); err != unix.EINTR {
			return err
		}
	}
}
