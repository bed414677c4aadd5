package fs

import "golang.org/x/sys/unix"

// searchFlags open a folder for looking up names in it, which needs no right
// to read it.
const searchFlags = unix.O_PATH

const resolveBeneath = unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS |
	unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV

// openBeneath lets the kernel resolve the whole path in one step.
func openBeneath(dir int, path string, flags int) (int, error) {
	if flags&unix.O_PATH == 0 { // openat2 refuses what open would overlook
		flags |= unix.O_LARGEFILE
	}
	how := unix.OpenHow{Flags: uint64(flags), Resolve: resolveBeneath}
	for {
		fd, err := unix.Openat2(dir, path, &how)
		// EAGAIN: the kernel noticed a rename elsewhere on the path and could
		// not be sure.
		if err != unix.EINTR && err != unix.EAGAIN {
			return fd, err
		}
	}
}

// canOpenBeneath is false on kernels before 5.6 and under sandboxes that do
// not know the call.
func canOpenBeneath(root int) bool {
	fd, err := openBeneath(root, ".", openFolderFlags)
	if err == nil {
		_ = unix.Close(fd)
	}
	return err == nil
}
