package bolt

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

// lockWait is how long Open waits for another holder of the file: enough for
// one that is about to close, not enough to look like a hang.
const lockWait = 200 * time.Millisecond

// Options configures Open. The zero value is ready to use.
type Options struct {
	// Mode is the permission of files that are created, before umask; 0: 0600.
	// Folders get the search bits that fit.
	Mode os.FileMode

	// Pending is how many changes gather in memory before they are written to
	// the file, in the background; 0: 16,384, which take about 3 MB. At most
	// about three times as many are held. A page of the file is written once
	// for all changes on it, so that many at a time cost a small part of what
	// they cost one by one.
	Pending int

	// SkipCheck trusts a file that was closed cleanly without walking its
	// entries, which takes about 20 ms for each 100,000 of them.
	SkipCheck bool
}

// Open opens the index file at path, and makes it and its folder where they
// are missing. A file that was closed cleanly keeps its identity and entries;
// one that was not, or that can't be read, is replaced by an empty one with a
// new identity. Of these, an index file that was not closed cleanly is
// deleted, and any other is renamed to path + ".damaged-" and random letters.
//
// While another process, or another Index of this one, has the file open, Open
// answers an error matching ports.ErrUnavailable after at most about 200 ms.
// A path that is no regular file is refused with ports.ErrInvalidKey.
func Open(ctx context.Context, path string, opts Options) (*Index, error) {
	if path == "" {
		return nil, ports.Fail("open bolt file", path, ports.ErrInvalidKey, errors.New("the path is empty"))
	}
	if opts.Mode == 0 {
		opts.Mode = 0o600
	}
	if opts.Pending <= 0 {
		opts.Pending = defaultPending
	}
	// A folder can be entered by whoever can read its files.
	if err := os.MkdirAll(filepath.Dir(path), opts.Mode|0o300|opts.Mode&0o444>>2); err != nil {
		return nil, openFailure(path, err)
	}
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // what is replaced below is the file, not the link to it
	}
	// A round without success ends with an untrusted file moved away, or because
	// another process moved it; that does not happen five times in a row.
	for range 5 {
		if err := ports.ContextDone(ctx, "open bolt file", path); err != nil {
			return nil, err
		}
		judged, err := inspect(path)
		var x *Index
		if err == nil {
			x, judged, err = use(path, opts)
		}
		if err == nil {
			return x, nil
		}
		if err := settle(path, judged, err); err != nil {
			return nil, err
		}
	}
	return nil, ports.Fail("open bolt file", path, ports.ErrUnavailable, errMoved)
}

// errMoved says that the path names another file than the one that was opened.
var errMoved = errors.New("the file is replaced again and again while it is opened")

// errNoFile says that the path can't be that of an index.
var errNoFile = errors.New("it is no regular file")

// file is a bolt file with the descriptor that bbolt uses.
type file struct {
	db   *bbolt.DB
	path string
	fd   *os.File
}

func openFile(path string, mode os.FileMode, opts bbolt.Options) (*file, error) {
	f := &file{path: path}
	opts.Timeout = lockWait
	opts.FreelistType = bbolt.FreelistMapType
	opts.NoStatistics = true
	opts.OpenFile = func(name string, flag int, mode os.FileMode) (fd *os.File, err error) {
		f.fd, err = os.OpenFile(name, flag, mode)
		return f.fd, err
	}
	err := guarded(func() (err error) {
		f.db, err = bbolt.Open(path, mode, &opts)
		return err
	})
	if isPanic(err) && f.fd != nil {
		// bbolt did not come to it. Its map stays, and on some systems with it
		// the lock, but only until the file is moved away.
		_ = f.fd.Close()
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// close releases the lock. A wedged bbolt is left alone.
func (f *file) close(wedged bool) error {
	if wedged {
		return f.fd.Close()
	}
	return guarded(f.db.Close)
}

// is reports whether the descriptor is that of the named file.
func (f *file) is(named os.FileInfo) bool {
	mine, err := f.fd.Stat()
	return err == nil && os.SameFile(mine, named)
}

// inspect looks at the mark without touching the file. It has to come first:
// where the mark is "open" there is no list of free pages, and bbolt would
// scan the file for it in a goroutine of its own, where nothing could catch the
// panic about a damaged page. The answer says which file an error is about.
func inspect(path string) (os.FileInfo, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNoFile
	case info.Size() == 0:
		return nil, nil
	}
	f, err := openFile(path, 0, bbolt.Options{ReadOnly: true})
	if err != nil {
		return info, err
	}
	if !f.is(info) {
		err = errMoved
	} else {
		err = guarded(func() error {
			return f.db.View(func(tx *bbolt.Tx) error {
				identity, err := readMark(tx)
				if err == nil && identity == "" {
					err = &damage{"it has no mark"} // and bbolt has made it long ago
				}
				return err
			})
		})
	}
	return info, errors.Join(err, f.close(false))
}

// use opens the file for good. What inspect saw is looked at again, now under
// the lock.
func use(path string, opts Options) (*Index, os.FileInfo, error) {
	f, err := openFile(path, opts.Mode, bbolt.Options{NoFreelistSync: true, NoGrowSync: true})
	info, missing := os.Stat(path)
	if err != nil {
		return nil, info, err
	}
	if missing != nil || !f.is(info) {
		return nil, nil, errors.Join(errMoved, f.close(false))
	}
	x := &Index{file: f, newer: newPending(), maxPending: opts.Pending}
	x.counter = &Counter{path: path + ".counters", opts: opts}
	if err := guarded(func() error { return x.adopt(opts) }); err != nil {
		return nil, info, errors.Join(err, f.close(false))
	}
	if err := guarded(func() error { return markOpen(f.db, x.identity) }); err != nil {
		return nil, info, errors.Join(err, f.close(isPanic(err)))
	}
	return x, info, nil
}

// adopt takes over the identity and the spaces of the file.
func (x *Index) adopt(opts Options) error {
	return x.file.db.View(func(tx *bbolt.Tx) (err error) {
		if x.identity, err = readMark(tx); err != nil {
			return err
		}
		if x.spaces, err = readSpaces(tx); err != nil {
			return err
		}
		if x.identity == "" {
			x.identity = rand.Text()
			return nil
		}
		if opts.SkipCheck {
			return nil
		}
		return verify(tx)
	})
}

// settle does what a failure to open asks for, and answers nil if Open should
// then try again. judged is the file that the failure is about.
//
// Between the look at the file and its move another process may have done the
// same and put a new file there, which would then go away under its owner.
// That is a nuisance and no danger: its identity is its own, so nobody trusts
// one for the other.
func settle(path string, judged os.FileInfo, err error) error {
	switch {
	case errors.Is(err, errMoved):
		return nil
	case errors.Is(err, errNoFile):
		return ports.Fail("open bolt file", path, ports.ErrInvalidKey, err)
	case !errors.Is(err, errUntrusted) && systemKind(err) != nil:
		return openFailure(path, err)
	}
	if now, err := os.Stat(path); err != nil || judged == nil || !os.SameFile(now, judged) {
		return nil
	}
	moved := error(nil)
	if errors.Is(err, errUntrusted) {
		moved = os.Remove(path)
	} else {
		moved = os.Rename(path, path+".damaged-"+rand.Text()[:8])
	}
	if moved != nil && !errors.Is(moved, os.ErrNotExist) {
		return openFailure(path, fmt.Errorf("a file that can't be trusted can't be moved away: %w", moved))
	}
	return nil
}
