//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// maxKnown bounds the memory for folders that are known to be on the disk.
const maxKnown = 4096

// maker opens folders for writing and makes those that are missing. Where
// writes are durable it flushes, once for each folder in the life of a store,
// the folder above: also of one that it did not make, because the process that
// did may not have got so far, and a file in it would be lost with it.
type maker struct {
	tree    *tree
	durable bool

	mu    sync.Mutex
	known map[string]struct{}
}

// folder opens the folder at path, ready to be flushed. If it is missing, and
// not to be made, the answer is ENOENT.
func (m *maker) folder(path string, create bool) (folder, error) {
	dir, err := m.tree.folder(path, openFolderFlags)
	missing := errors.Is(err, unix.ENOENT)
	if err != nil && (!missing || !create) {
		return folder{}, during("open folder", err)
	}
	if !missing {
		if !m.durable || m.isKnown(path) {
			return dir, nil
		}
		dir.close()
	}
	return m.makeAll(path)
}

// makeAll goes down from the root, because each folder is flushed by its own
// descriptor, and made in the one above.
func (m *maker) makeAll(path string) (folder, error) {
	at := folder{fd: m.tree.root}
	for from := 0; from < len(path); {
		to := len(path)
		if i := strings.IndexByte(path[from:], '/'); i >= 0 {
			to = from + i
		}
		next, err := m.makeOne(at, path[:to], path[from:to])
		at.close()
		if err != nil {
			return folder{}, err
		}
		at, from = next, to+1
	}
	return at, nil
}

// makeOne opens one folder in another, after making it if need be. That
// somebody else makes it at the same moment is as good.
func (m *maker) makeOne(at folder, path, name string) (folder, error) {
	made, err := m.tree.folderAt(at.fd, name, openFolderFlags)
	if errors.Is(err, unix.ENOENT) {
		m.forget(path)
		if err := unix.Mkdirat(at.fd, name, folderMode); err != nil && !errors.Is(err, unix.EEXIST) {
			return folder{}, during("make folder", err)
		}
		made, err = m.tree.folderAt(at.fd, name, openFolderFlags)
	}
	if err != nil {
		return folder{}, during("open folder", err)
	}
	if m.durable && !m.isKnown(path) {
		if err := flush(at.fd); err != nil {
			made.close()
			return folder{}, during("flush folder", err)
		}
		m.remember(path)
	}
	return made, nil
}

// isKnown says whether this store has flushed the folder above path.
func (m *maker) isKnown(path string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, ok := m.known[path]
	return ok || path == ""
}

// remember forgets all others when there are too many: flushing again is only
// a waste of time.
func (m *maker) remember(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil || len(m.known) >= maxKnown {
		m.known = make(map[string]struct{})
	}
	m.known[path] = struct{}{}
}

// forget serves folders that somebody removed.
func (m *maker) forget(path string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.known, path)
}
