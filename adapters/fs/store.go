//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/gate"
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
	meta     int       // descriptor of the metadata folder
	gate     gate.Gate // so that no descriptor is closed under a call: its number could be another file by then
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
	return s.inside(ctx, "ping", "", func() error {
		var st unix.Stat_t
		err := errors.Join(statAt(s.meta, locksDir, &st), statAt(s.meta, scratchDir, &st))
		if errors.Is(err, unix.ENOENT) {
			return refuse(ports.ErrUnavailable, errFolderGone)
		}
		return err
	})
}

// Close lets go of the root. Calls and lists that are under way end normally,
// and so do readers that GetStream handed out; later calls answer ErrClosed. A
// second Close answers nil. With SyncNone it first has the system write
// everything to the disk: what is closed after it, such as an index that says
// that it was closed cleanly, must not outlive the objects in a power cut.
func (s *Store) Close() error {
	var err error
	if !s.durable && s.gate.Enter() {
		err = flushAll(s.tree.root)
		s.gate.Leave()
	}
	s.gate.Close()
	if err != nil {
		return fail("close", "", during("flush", err))
	}
	return nil
}

// release runs once, after Close, when the last call has ended.
func (s *Store) release() {
	s.scratch.close()
	s.locks.close()
	_ = unix.Close(s.meta)
	_ = unix.Close(s.tree.root)
}

// on runs one call on a key. It is the boundary of the package: call answers
// plain errors, and what leaves here is a *ports.Error.
func (s *Store) on(ctx context.Context, op, key string, call func() error) error {
	if err := ports.ValidateKey(key); err != nil {
		if invalid, ok := errors.AsType[*ports.Error](err); ok {
			err = invalid.Err // the rule that was broken, to be wrapped once
		}
		return ports.Fail(op, key, ports.ErrInvalidKey, err)
	}
	return s.inside(ctx, op, key, call)
}

// inside runs one call that the store stays open for.
func (s *Store) inside(ctx context.Context, op, key string, call func() error) error {
	if err := ports.ContextDone(ctx, op, key); err != nil {
		return err
	}
	if !s.gate.Enter() {
		return ports.Fail(op, key, ports.ErrClosed, nil)
	}
	defer s.gate.Leave()
	if err := call(); err != nil {
		return fail(op, key, err)
	}
	return nil
}
