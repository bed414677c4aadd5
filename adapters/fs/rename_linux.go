package fs

import "golang.org/x/sys/unix"

func renameNew(fromDir int, from string, toDir int, to string) error {
	return again(func() error { return unix.Renameat2(fromDir, from, toDir, to, unix.RENAME_NOREPLACE) })
}
