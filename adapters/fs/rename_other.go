//go:build unix && !aix && !solaris && !linux

package fs

import "golang.org/x/sys/unix"

func renameNew(int, string, int, string) error { return unix.ENOSYS }
