//go:build unix && !aix && !solaris && !darwin

package fs

import "golang.org/x/sys/unix"

// flush waits until a file or folder is on the disk.
func flush(fd int) error {
	return again(func() error { return unix.Fsync(fd) })
}
