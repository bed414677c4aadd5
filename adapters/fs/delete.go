//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

var errDeleteAbsent = errors.New("a delete if absent has no meaning")

// Delete implements ports.ObjectStore. Folders that become empty stay.
func (s *Store) Delete(ctx context.Context, key string, cond ports.Condition) error {
	return s.on(ctx, "delete", key, func() error {
		if cond.IsAbsent() {
			return refuse(ports.ErrUnsupported, errDeleteAbsent)
		}
		return s.delete(ctx, key, cond)
	})
}

func (s *Store) delete(ctx context.Context, key string, cond ports.Condition) error {
	path, name := splitPath(s.names.file(key))
	dir, err := s.tree.folder(path, openFolderFlags)
	if errors.Is(err, unix.ENOENT) {
		if cond.IsAny() {
			return nil
		}
		return refuse(ports.ErrPrecondition, nil)
	}
	if err != nil {
		return during("open folder", err)
	}
	defer dir.close()
	if err := s.remove(ctx, place{key: key, dir: dir, name: name}, cond); err != nil {
		return err
	}
	// Also where nothing was there: the delete that made it so may not have
	// been flushed.
	return s.flushFolder(dir)
}

// remove decides the condition and removes, in one step for all other writers.
func (s *Store) remove(ctx context.Context, at place, cond ports.Condition) error {
	lock, err := s.locks.lock(ctx, at.key)
	if err != nil {
		return err
	}
	defer lock.unlock()
	current, err := s.versions.stateAt(at.dir.fd, at.name)
	if err != nil {
		return err
	}
	if !cond.Holds(current.version) {
		return refuse(ports.ErrPrecondition, nil)
	}
	if !current.exists {
		return nil
	}
	if !s.versions.hashed() {
		if err := lock.raise(current.stamp, s.durable); err != nil {
			return err
		}
	}
	// The last moment: from here on it takes effect.
	if err := contextDone(ctx); err != nil {
		return err
	}
	err = unix.Unlinkat(at.dir.fd, at.name, 0)
	if errors.Is(err, unix.ENOENT) {
		return nil // another program was faster
	}
	return during("unlink", err)
}
