//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// Store is an object store on the files below one folder. All methods are safe
// for concurrent use, by any number of stores and processes on the same root.
type Store struct {
	durable  bool
	names    names
	versions versions
	tree     *tree
	maker    *maker
	mover    mover
	locks    *lockSet
	scratch  *scratch
	meta     int // descriptor of the metadata folder
	gate     gate
}

// Capabilities implements ports.ObjectStore.
func (s *Store) Capabilities() ports.Capabilities {
	return ports.Capabilities{
		Name:              "file",
		ConditionalDelete: true,
		UniqueVersions:    !s.versions.hashed(),
		NestedKeys:        true,
	}
}

// Ping answers nil if the root is still there. It reads no object.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.begin(ctx, "ping", ""); err != nil {
		return err
	}
	defer s.gate.leave()
	var st unix.Stat_t
	for _, name := range []string{locksDir, scratchDir} {
		err := statAt(s.meta, name, &st)
		if errors.Is(err, unix.ENOENT) {
			err = refuse(ports.ErrUnavailable, errFolderGone)
		}
		if err != nil {
			return fail("ping", "", err)
		}
	}
	return nil
}

// Close lets go of the root. Calls and lists that are under way end normally,
// and so do readers that GetStream handed out; later calls answer ErrClosed. A
// second Close answers nil.
func (s *Store) Close() error {
	s.gate.close()
	return nil
}

func (s *Store) release() {
	s.scratch.close()
	s.locks.close()
	_ = unix.Close(s.meta)
	_ = unix.Close(s.tree.root)
}

// begin starts a call without a key; if it answers nil, gate.leave must follow.
func (s *Store) begin(ctx context.Context, op, key string) error {
	if err := ports.ContextDone(ctx, op, key); err != nil {
		return err
	}
	if !s.gate.enter() {
		return ports.Fail(op, key, ports.ErrClosed, nil)
	}
	return nil
}

// beginKey starts a call on a key; if it answers nil, gate.leave must follow.
func (s *Store) beginKey(ctx context.Context, op, key string) error {
	if err := ports.ValidateKey(key); err != nil {
		if invalid, ok := errors.AsType[*ports.Error](err); ok {
			err = invalid.Err
		}
		return ports.Fail(op, key, ports.ErrInvalidKey, err)
	}
	return s.begin(ctx, op, key)
}
