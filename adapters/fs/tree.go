//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	openFolderFlags = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_NOFOLLOW | unix.O_CLOEXEC
	// O_NONBLOCK keeps a pipe that someone planted from hanging the open.
	openFileFlags = unix.O_RDONLY | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_CLOEXEC

	fileMode    = 0o644 // of objects, before the umask
	folderMode  = 0o755 // of folders, before the umask
	privateMode = 0o700 // of the metadata folder
)

// tree opens things below one folder. Symbolic links are never followed and
// other mounts never entered, whatever is planted there while it looks.
type tree struct {
	root   int  // descriptor
	walked bool // no openat2: go step by step
}

// folder is an open folder. The root is lent, others are closed after use.
type folder struct {
	fd  int
	own bool
}

// close does nothing for the root, which is open as long as the store is.
func (f folder) close() {
	if f.own {
		_ = unix.Close(f.fd)
	}
}

// folder opens the folder at path; "" is the root.
func (t *tree) folder(path string, flags int) (folder, error) {
	if path == "" {
		return folder{fd: t.root}, nil
	}
	return t.folderAt(t.root, path, flags)
}

// folderAt opens the folder at path below an open one. It is not shared with
// anybody, so its names can be read.
func (t *tree) folderAt(at int, path string, flags int) (folder, error) {
	fd, err := t.openAt(at, path, flags|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC)
	return folder{fd: fd, own: true}, err
}

// open opens a path below the root.
func (t *tree) open(path string, flags int) (int, error) { return t.openAt(t.root, path, flags) }

// openAt opens a path, which has no empty or ".." step, below an open folder.
func (t *tree) openAt(at int, path string, flags int) (int, error) {
	if !t.walked {
		return openBeneath(at, path, flags)
	}
	return t.walk(at, path, flags)
}

// walk does what openBeneath does, with one call a step. Every step is taken
// from the folder before it, not by name, so nothing can be put in between.
func (t *tree) walk(from int, path string, flags int) (int, error) {
	for at := from; ; {
		step, rest, more := strings.Cut(path, "/")
		use := flags
		if more {
			use = openFolderFlags
		}
		fd, err := openAt(at, step, use, 0)
		if at != from {
			_ = unix.Close(at)
		}
		if err != nil || !more {
			return fd, err
		}
		at, path = fd, rest
	}
}

// again repeats a system call as long as signals interrupt it; the runtime
// sends some all the time.
func again(call func() error) error {
	for {
		if err := call(); !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}

// openAt opens one name; whether it follows a link is up to flags.
func openAt(dir int, name string, flags int, mode uint32) (fd int, err error) {
	err = again(func() (err error) {
		fd, err = unix.Openat(dir, name, flags|unix.O_CLOEXEC, mode)
		return err
	})
	return fd, err
}

// statAt never follows a link.
func statAt(dir int, name string, st *unix.Stat_t) error {
	return again(func() error { return unix.Fstatat(dir, name, st, unix.AT_SYMLINK_NOFOLLOW) })
}

// isKind compares the type bits, whose width differs between systems.
func isKind(st *unix.Stat_t, kind uint32) bool { return uint32(st.Mode)&unix.S_IFMT == kind }

// setTime goes by name because not all systems can set a time finer than a
// microsecond by descriptor.
func setTime(dir int, name string, nanoseconds int64) error {
	ts := unix.NsecToTimespec(nanoseconds)
	return unix.UtimesNanoAt(dir, name, []unix.Timespec{ts, ts}, unix.AT_SYMLINK_NOFOLLOW)
}

// splitPath cuts a path into its folder, "" for the root, and its last name.
func splitPath(path string) (folder, base string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}
