//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"io"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// Put implements ports.ObjectStore. Folders are made as needed.
func (s *Store) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	info, err := s.put(ctx, key, cond, func(d *draft) error { return d.write(ctx, data) })
	return info.Version, err
}

// PutStream implements ports.Streamer. It holds 256 KiB at a time, and reads
// nothing from body if the condition fails already at the start.
func (s *Store) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	return s.put(ctx, key, cond, func(d *draft) error { return d.readFrom(ctx, body) })
}

// put has the draft filled between the first look and the decision.
func (s *Store) put(ctx context.Context, key string, cond ports.Condition, fill func(*draft) error) (info ports.ObjectInfo, err error) {
	err = s.on(ctx, "put", key, func() error {
		at, err := s.placeFor(key, cond)
		if err != nil {
			return err
		}
		defer at.dir.close()
		info, err = s.replace(ctx, at, cond, fill)
		return err
	})
	return info, err
}

// place is where an object's file is, or will be.
type place struct {
	key  string
	dir  folder
	name string
}

// placeFor opens the folder of a key that is to be written. A write on a
// certain version makes no folder: without one there is no version.
func (s *Store) placeFor(key string, cond ports.Condition) (place, error) {
	path, name := splitPath(s.names.file(key))
	_, versioned := cond.Version()
	dir, err := s.maker.folder(path, !versioned)
	if versioned && errors.Is(err, unix.ENOENT) {
		return place{}, refuse(ports.ErrPrecondition, nil)
	}
	return place{key: key, dir: dir, name: name}, err
}

// replace writes the new file aside, and then publishes it.
func (s *Store) replace(ctx context.Context, at place, cond ports.Condition, fill func(*draft) error) (ports.ObjectInfo, error) {
	// A first look without the lock: it saves the writing where the condition
	// does not hold now, and gives a time that will most likely be great enough.
	current, err := s.versions.stateAt(at.dir.fd, at.name)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	if !cond.Holds(current.version) {
		return ports.ObjectInfo{}, refuse(ports.ErrPrecondition, nil)
	}
	d, err := s.scratch.create()
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	defer d.drop()
	d.digest = s.versions.digest()
	if err := fill(d); err != nil {
		return ports.ObjectInfo{}, err
	}
	if err := d.settle(s.versions.after(current.stamp), s.durable); err != nil {
		return ports.ObjectInfo{}, err
	}
	if err := s.publish(ctx, at, d, cond); err != nil {
		return ports.ObjectInfo{}, err
	}
	if err := s.flushFolder(at.dir); err != nil {
		return ports.ObjectInfo{}, err
	}
	return ports.ObjectInfo{
		Key: at.key, Version: s.versions.ofDraft(d), Size: d.size, ModTime: time.Unix(0, d.stamp),
	}, nil
}

// publish decides the condition and renames, in one step for all other writers.
func (s *Store) publish(ctx context.Context, at place, d *draft, cond ports.Condition) error {
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
	if err := s.outrank(lock, current, d); err != nil {
		return err
	}
	// The last moment: from here on it takes effect, and a context that ends
	// is no reason any more to say that it did not.
	if err := contextDone(ctx); err != nil {
		return err
	}
	move := s.mover.replace
	if !current.exists {
		move = s.mover.create
	}
	switch err := move(d.scratch.dir, d.name, at.dir.fd, at.name); {
	case err == nil:
		d.moved = true
		return nil
	case !errors.Is(err, unix.EEXIST):
		return during("rename", err)
	case cond.IsAbsent():
		return refuse(ports.ErrPrecondition, nil)
	default: // another program made the file just now
		return refuse(ports.ErrBusy, err)
	}
}

// outrank makes sure that the draft's time is greater than that of the state
// it replaces, and of any that was deleted. It seldom has to do anything: only
// where another writer was there since the first look, or a clock is behind.
func (s *Store) outrank(lock *stripe, current state, d *draft) error {
	if s.versions.hashed() {
		return nil
	}
	floor := current.stamp
	if !current.exists {
		var err error
		if floor, err = lock.deleted(); err != nil {
			return err
		}
	}
	if d.stamp > floor {
		return nil
	}
	return d.settle(s.versions.after(floor), s.durable)
}

// flushFolder makes a rename or removal durable. It has taken effect already, so
// a failure leaves the outcome open: the next power cut may undo it.
func (s *Store) flushFolder(dir folder) error {
	if !s.durable {
		return nil
	}
	if err := flush(dir.fd); err != nil {
		return refuse(ports.ErrUnknown, during("flush folder", err))
	}
	return nil
}
