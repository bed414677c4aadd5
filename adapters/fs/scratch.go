//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

const scratchDir = "tmp" // below the metadata folder

// scratch is the store's own folder for unfinished files, .sb/tmp/<id>. The
// store holds a lock on it as long as it is open, so whoever gets that lock
// knows that the owner is gone and may remove everything. One lock for a
// store, instead of one for each file, costs nothing a write and leaves no gap
// between making a file and locking it. One place, instead of beside each
// object, lets the next Open find leftovers without walking the tree.
type scratch struct {
	parent int // descriptor of .sb/tmp
	dir    int // descriptor of .sb/tmp/<id>, locked
	id     string
	count  atomic.Uint64
}

// openScratch makes a new folder, after removing those of dead stores.
func openScratch(meta int) (*scratch, error) {
	if err := unix.Mkdirat(meta, scratchDir, privateMode); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, during("make scratch folder", err)
	}
	parent, err := openAt(meta, scratchDir, openFolderFlags, 0)
	if err != nil {
		return nil, during("open scratch folder", err)
	}
	s := &scratch{parent: parent}
	sweep(parent)
	for {
		s.id = fmt.Sprintf("%016x", rand.Uint64())
		s.dir, err = claim(parent, s.id)
		if err == nil {
			return s, nil
		}
		// A sweeper may take the folder before it is locked; then try another.
		if !errors.Is(err, unix.EEXIST) && !errors.Is(err, unix.ENOENT) && !errors.Is(err, unix.EWOULDBLOCK) {
			_ = unix.Close(parent)
			return nil, during("make scratch folder", err)
		}
	}
}

// claim makes the folder and locks it.
func claim(parent int, id string) (int, error) {
	if err := unix.Mkdirat(parent, id, privateMode); err != nil {
		return -1, err
	}
	dir, err := openAt(parent, id, openFolderFlags, 0)
	if err != nil {
		return -1, err
	}
	if err := lockAlive(parent, id, dir); err != nil {
		_ = unix.Close(dir)
		return -1, err
	}
	return dir, nil
}

// lockAlive locks an open folder and makes sure that it is still in its place:
// it may have been removed between opening and locking.
func lockAlive(parent int, id string, dir int) error {
	if err := unix.Flock(dir, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return err
	}
	var held, there unix.Stat_t
	if err := unix.Fstat(dir, &held); err != nil {
		return err
	}
	if err := statAt(parent, id, &there); err != nil {
		return err
	}
	if held.Ino != there.Ino || held.Dev != there.Dev {
		return unix.ENOENT
	}
	return nil
}

// sweep removes the folders of stores that are gone. It does what it can: what
// it has to leave takes room, but is in nobody's way.
func sweep(parent int) {
	entries, err := readEntries(parent)
	if err != nil {
		return
	}
	for _, e := range entries {
		dir, err := openAt(parent, e.name, openFolderFlags, 0)
		if err != nil {
			continue
		}
		if lockAlive(parent, e.name, dir) == nil {
			clearFolder(dir)
			_ = unix.Unlinkat(parent, e.name, unix.AT_REMOVEDIR)
		}
		_ = unix.Close(dir)
	}
}

// clearFolder removes the files in a folder; they are of no use to anybody.
func clearFolder(dir int) {
	entries, err := readEntries(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		_ = unix.Unlinkat(dir, e.name, 0)
	}
}

// create makes a new file for writing. Nobody else makes files in this folder,
// so a count is enough of a name.
func (s *scratch) create() (*draft, error) {
	name := fmt.Sprintf("%x", s.count.Add(1))
	fd, err := openAt(s.dir, name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, fileMode)
	if errors.Is(err, unix.ENOENT) {
		return nil, refuse(ports.ErrUnavailable, errFolderGone)
	}
	if err != nil {
		return nil, during("make temporary file", err)
	}
	return &draft{scratch: s, name: name, fd: fd}, nil
}

// close removes the folder, too, so that a clean end leaves nothing to sweep.
func (s *scratch) close() {
	clearFolder(s.dir)
	_ = unix.Unlinkat(s.parent, s.id, unix.AT_REMOVEDIR)
	_ = unix.Close(s.dir)
	_ = unix.Close(s.parent)
}
