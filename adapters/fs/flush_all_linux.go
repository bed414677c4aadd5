package fs

import "golang.org/x/sys/unix"

// flushAll waits until everything on the file system is on the disk.
func flushAll(fd int) error { return again(func() error { return unix.Syncfs(fd) }) }
