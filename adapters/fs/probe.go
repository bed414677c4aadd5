//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	// modeFile, in the metadata folder, says how names are written on this
	// root, so that a copy of it on another file system is read in the same way.
	modeFile  = "names"
	modePlain = "plain\n"
	modeFold  = "fold\n"
)

// examine finds out what the file system can do, on a file in the scratch folder.
func (s *Store) examine(opts Options) error {
	d, err := s.scratch.create()
	if err != nil {
		return err
	}
	defer d.drop()
	s.versions.clock = opts.Clock
	if !opts.forceHash {
		if s.versions.quantum, err = timeQuantum(d); err != nil {
			return err
		}
	}
	fold := opts.forceFold
	if !fold {
		if fold, err = s.ignoresCase(); err != nil {
			return err
		}
	}
	s.names.fold, err = s.nameMode(fold)
	return err
}

// timeQuantum returns the smallest step of modification times in nanoseconds,
// or 0 where it is greater than a microsecond: then a busy object's version
// would run ahead of the clock.
func timeQuantum(d *draft) (int64, error) {
	const probe = 1_700_000_000_123_456_789
	if err := setTime(d.scratch.dir, d.name, probe); err != nil {
		return 0, during("set modification time", err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(d.fd, &st); err != nil {
		return 0, during("stat", err)
	}
	for _, quantum := range []int64{1, 100, 1000} {
		if st.Mtim.Nano() == probe-probe%quantum {
			return quantum, nil
		}
	}
	return 0, nil
}

// ignoresCase reports whether the file system takes two spellings for one name.
func (s *Store) ignoresCase() (bool, error) {
	const name = "case"
	fd, err := openAt(s.scratch.dir, name, unix.O_WRONLY|unix.O_CREAT, fileMode)
	if err != nil {
		return false, during("make temporary file", err)
	}
	_ = unix.Close(fd)
	defer func() { _ = unix.Unlinkat(s.scratch.dir, name, 0) }()
	var st unix.Stat_t
	err = statAt(s.scratch.dir, strings.ToUpper(name), &st)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	return err == nil, during("stat", err)
}

// nameMode returns how names are written on this root: as the first store on it
// chose, by what its file system needed.
func (s *Store) nameMode(fold bool) (bool, error) {
	mode, err := s.readMode()
	if errors.Is(err, unix.ENOENT) {
		if err = s.writeMode(fold); err == nil || errors.Is(err, unix.EEXIST) {
			mode, err = s.readMode()
		}
	}
	switch {
	case err != nil:
		return false, during("read "+MetadataDir+"/"+modeFile, err)
	case mode == modeFold:
		return true, nil
	case mode == modePlain && !fold:
		return false, nil
	case mode == modePlain:
		return false, refuse(ports.ErrUnsupported, errors.New("this root was made where file names tell upper from "+
			"lower case; here they do not, and different keys could share a file"))
	}
	return false, refuse(ports.ErrUnsupported, fmt.Errorf("unknown content %q of %s/%s", mode, MetadataDir, modeFile))
}

// readMode answers ENOENT on a root that no store was opened on before.
func (s *Store) readMode() (string, error) {
	fd, err := openAt(s.meta, modeFile, openFileFlags, 0)
	if err != nil {
		return "", err
	}
	defer func() { _ = unix.Close(fd) }()
	buffer := make([]byte, 64)
	n, err := unix.Read(fd, buffer)
	if err != nil {
		return "", err
	}
	return string(buffer[:n]), nil
}

// writeMode writes the mode as a whole or, if another store was faster, not at
// all.
func (s *Store) writeMode(fold bool) error {
	d, err := s.scratch.create()
	if err != nil {
		return err
	}
	defer d.drop()
	mode := modePlain
	if fold {
		mode = modeFold
	}
	if _, err := unix.Write(d.fd, []byte(mode)); err != nil {
		return err
	}
	if s.durable {
		if err := flush(d.fd); err != nil {
			return err
		}
	}
	if err := s.mover.create(s.scratch.dir, d.name, s.meta, modeFile); err != nil {
		return err
	}
	d.moved = true
	if !s.durable {
		return nil
	}
	if err := flush(s.meta); err != nil {
		return err
	}
	return flush(s.tree.root) // the metadata folder itself
}
