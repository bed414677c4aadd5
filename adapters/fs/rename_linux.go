package fs

import "golang.org/x/sys/unix"

func renameNew(fromDir int, from string, toDir int, to string) error {
	for {
		err := unix.Renameat2(fromDir, from, toDir, to, unix.RENAME_NOREPLACE)
		if err != unix.EINTR {
			return err
		}
	}
}
