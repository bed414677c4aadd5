package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"syscall"

	"github.com/smarterbase/smarterbase/ports"
	bolterrors "go.etcd.io/bbolt/errors"
)

// damage is a panic of bbolt, or a fault in its memory map. bbolt has no
// checksums on its data pages: what it reads from a damaged file makes it
// panic, or read beyond the end of the file.
type damage struct{ cause any }

func (d *damage) Error() string { return fmt.Sprintf("the file is damaged: %v", d.cause) }

// guarded runs fn and turns its panics, and faults of this goroutine, into a
// *damage.
func guarded(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if cause := recover(); cause != nil {
			err = &damage{cause}
		}
	}()
	return fn()
}

// isPanic reports whether err came out of guarded that way.
func isPanic(err error) bool {
	var panicked *damage
	return errors.As(err, &panicked)
}

// systemKind returns the outcome that an error of the system stands for, or
// nil if it is none.
func systemKind(err error) error {
	var path *fs.PathError
	var number syscall.Errno
	switch {
	case errors.Is(err, fs.ErrPermission):
		return ports.ErrPermission
	case errors.Is(err, bolterrors.ErrTimeout), errors.As(err, &path), errors.As(err, &number):
		return ports.ErrUnavailable
	default:
		return nil
	}
}

// openFailure is the answer for a file that can't be opened.
func openFailure(path string, err error) error {
	if errors.Is(err, bolterrors.ErrTimeout) {
		return ports.Fail("open bolt file", path, ports.ErrUnavailable,
			errors.New("another process holds it, or this one has it open already; one process at a time can use it"))
	}
	if kind := systemKind(err); kind != nil {
		return ports.Fail("open bolt file", path, kind, err)
	}
	return ports.Fail("open bolt file", path, ports.ErrCorrupt, err)
}
