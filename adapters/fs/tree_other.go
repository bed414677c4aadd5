//go:build unix && !aix && !solaris && !linux

package fs

import "golang.org/x/sys/unix"

const searchFlags = unix.O_RDONLY

func openBeneath(int, string, int) (int, error) { return -1, unix.ENOSYS }

func canOpenBeneath(int) bool { return false }
