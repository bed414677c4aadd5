//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// Get implements ports.ObjectStore. Bytes, version and size are those of the
// one file that was opened, whatever is renamed over it meanwhile.
func (s *Store) Get(ctx context.Context, key string, opts ports.GetOptions) (object ports.Object, err error) {
	err = s.on(ctx, "get", key, func() (err error) {
		object, err = s.get(ctx, key, opts)
		return err
	})
	return object, err
}

// get reads into a slice of exactly the right size, which is the caller's.
func (s *Store) get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	fd, info, err := s.openObject(key)
	if err != nil {
		return ports.Object{}, err
	}
	defer func() { _ = unix.Close(fd) }()
	from, to, err := choose(info, opts)
	if err != nil {
		return ports.Object{}, err
	}
	data := make([]byte, to-from)
	if err := descriptor(fd).readAll(ctx, data, from); err != nil {
		return ports.Object{}, err
	}
	return ports.Object{ObjectInfo: info, Data: data}, nil
}

// choose says which bytes are asked for, if any.
func choose(info ports.ObjectInfo, opts ports.GetOptions) (from, to int64, err error) {
	if opts.IfNoneMatch != "" && opts.IfNoneMatch == info.Version {
		return 0, 0, refuse(ports.ErrNotModified, nil)
	}
	from, to, ok := opts.Range.Within(info.Size)
	if !ok {
		return 0, 0, refuse(ports.ErrInvalidKey, rangeError{opts.Range, info.Size})
	}
	return from, to, nil
}

// openObject opens the file of a key and describes it.
func (s *Store) openObject(key string) (int, ports.ObjectInfo, error) {
	fd, err := s.tree.open(s.names.file(key), openFileFlags)
	if errors.Is(err, unix.ENOENT) {
		return -1, ports.ObjectInfo{}, refuse(ports.ErrNotFound, nil)
	}
	if err != nil {
		return -1, ports.ObjectInfo{}, during("open", err)
	}
	info, err := s.describe(fd, key)
	if err != nil {
		_ = unix.Close(fd)
		return -1, ports.ObjectInfo{}, err
	}
	return fd, info, nil
}

// describe goes by descriptor: by name it could be another file by now.
func (s *Store) describe(fd int, key string) (ports.ObjectInfo, error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return ports.ObjectInfo{}, during("stat", err)
	}
	if !isKind(&st, unix.S_IFREG) {
		return ports.ObjectInfo{}, refuse(ports.ErrInvalidKey, errNotFile)
	}
	version, err := s.versions.ofFile(fd, &st)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	return ports.ObjectInfo{Key: key, Version: version, Size: st.Size, ModTime: time.Unix(st.Mtim.Unix())}, nil
}

// Stat implements ports.ObjectStore. It needs no right to read the file,
// unless versions are hashes.
func (s *Store) Stat(ctx context.Context, key string) (info ports.ObjectInfo, err error) {
	err = s.on(ctx, "stat", key, func() (err error) {
		info, err = s.stat(key)
		return err
	})
	return info, err
}

func (s *Store) stat(key string) (ports.ObjectInfo, error) {
	path, name := splitPath(s.names.file(key))
	dir, err := s.tree.folder(path, searchFlags)
	if errors.Is(err, unix.ENOENT) {
		return ports.ObjectInfo{}, refuse(ports.ErrNotFound, nil)
	}
	if err != nil {
		return ports.ObjectInfo{}, during("open folder", err)
	}
	defer dir.close()
	found, err := s.versions.stateAt(dir.fd, name)
	if err == nil && !found.exists {
		err = refuse(ports.ErrNotFound, nil)
	}
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	return found.info(key), nil
}
