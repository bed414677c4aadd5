//go:build unix && !aix && !solaris

package fs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// mover renames finished files into place.
type mover struct{ linked bool } // linked: do without RENAME_NOREPLACE

// replace moves a file over what is there, or to where nothing is.
func (m mover) replace(fromDir int, from string, toDir int, to string) error {
	return again(func() error { return unix.Renameat(fromDir, from, toDir, to) })
}

// create moves a file to where nothing is, and otherwise answers EEXIST. The
// caller holds the lock, and has looked; this keeps out other programs.
func (m mover) create(fromDir int, from string, toDir int, to string) error {
	if !m.linked {
		err := renameNew(fromDir, from, toDir, to)
		if !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOSYS) {
			return err
		}
	}
	err := unix.Linkat(fromDir, from, toDir, to, 0)
	switch {
	case err == nil:
		// The first name is in the scratch folder, and goes with it if need be.
		_ = unix.Unlinkat(fromDir, from, 0)
		return nil
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.ENOTSUP):
		return m.replace(fromDir, from, toDir, to) // no links there
	}
	return err
}
