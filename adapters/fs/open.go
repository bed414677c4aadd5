//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// Open opens the object store on the files below root, and makes the folder if
// it is not there. An empty root or one that is no folder is refused with
// ErrInvalidKey. root itself may be, or lead through, a symbolic link; nothing
// below it may. Unfinished files of processes that died are removed.
func Open(ctx context.Context, root string, opts Options) (*Store, error) {
	if err := ports.ContextDone(ctx, "open", root); err != nil {
		return nil, err
	}
	s, err := open(root, opts)
	if err != nil {
		return nil, fail("open", root, err)
	}
	return s, nil
}

// open answers plain errors, for Open to wrap.
func open(root string, opts Options) (*Store, error) {
	switch {
	case root == "":
		return nil, refuse(ports.ErrInvalidKey, errEmptyRoot)
	case opts.Sync > SyncNone:
		return nil, refuse(ports.ErrUnsupported, errUnknownSync)
	}
	if opts.Clock == nil {
		opts.Clock = ports.SystemClock()
	}
	durable := opts.Sync == SyncFull
	if err := makeRoot(root, durable); err != nil {
		return nil, err
	}
	fd, err := openAt(unix.AT_FDCWD, root, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, during("open root", err)
	}
	s := &Store{durable: durable, tree: &tree{root: fd}}
	if err := s.openParts(opts); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	s.gate.Open(s.release)
	return s, nil
}

// openParts opens what is in the metadata folder and examines the file system.
func (s *Store) openParts(opts Options) (err error) {
	root := s.tree.root
	s.tree.walked = opts.forceWalk || !canOpenBeneath(root)
	s.mover = mover{linked: opts.forceLink}
	s.maker = &maker{tree: s.tree, durable: s.durable}
	if err := unix.Mkdirat(root, MetadataDir, privateMode); err != nil && !errors.Is(err, unix.EEXIST) {
		return during("make metadata folder", err)
	}
	if s.meta, err = openAt(root, MetadataDir, openFolderFlags, 0); err != nil {
		return during("open metadata folder", err)
	}
	defer s.closeUnless(&err, func() { _ = unix.Close(s.meta) })
	if s.locks, err = openLocks(s.meta, opts.Clock); err != nil {
		return err
	}
	defer s.closeUnless(&err, s.locks.close)
	if s.scratch, err = openScratch(s.meta); err != nil {
		return err
	}
	defer s.closeUnless(&err, s.scratch.close)
	return s.examine(opts)
}

// closeUnless undoes one step of opening when a later one failed.
func (s *Store) closeUnless(err *error, release func()) {
	if *err != nil {
		release()
	}
}

// makeRoot makes the root and the folders above it, durably if asked.
func makeRoot(root string, durable bool) error {
	if _, err := os.Stat(root); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	above := filepath.Dir(filepath.Clean(root))
	if err := makeRoot(above, durable); err != nil {
		return err
	}
	if err := os.Mkdir(root, folderMode); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	if !durable {
		return nil
	}
	fd, err := openAt(unix.AT_FDCWD, above, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return during("open folder above the root", err)
	}
	defer func() { _ = unix.Close(fd) }()
	return during("flush folder above the root", flush(fd))
}
