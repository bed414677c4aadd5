//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// refusal is a failure whose outcome is settled where it is noticed. It never
// leaves the package: fail turns it into a *ports.Error with operation and key.
type refusal struct{ kind, cause error }

func (r *refusal) Error() string { return fmt.Sprint(r.kind, ": ", r.cause) }

// Unwrap lets the package find its own causes again.
func (r *refusal) Unwrap() error { return r.cause }

func refuse(kind, cause error) error { return &refusal{kind: kind, cause: cause} }

// contextDone is nil while ctx goes on.
func contextDone(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return refuse(err, context.Cause(ctx))
	}
	return nil
}

// during says at which step a system call failed.
func during(step string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", step, err)
}

// fail is the boundary: every error that leaves the package passes here once.
func fail(op, key string, err error) error {
	if r, ok := errors.AsType[*refusal](err); ok {
		return ports.Fail(op, key, r.kind, r.cause)
	}
	return ports.Fail(op, key, outcome(err), err)
}

// outcome classifies a system error of a call that changed nothing. What is not
// about rights or about the key itself (no room, no descriptors, a broken disk,
// a folder that vanished) is something that may be better later.
func outcome(err error) error {
	errno, ok := errors.AsType[unix.Errno](err)
	if !ok {
		return ports.ErrUnavailable
	}
	switch errno {
	case unix.EACCES, unix.EPERM, unix.EROFS:
		return ports.ErrPermission
	case unix.ELOOP, unix.EMLINK, unix.ENOTDIR, unix.EISDIR, unix.EXDEV, // not ours, or not in our tree
		unix.ENAMETOOLONG, unix.EILSEQ, unix.ENXIO:
		return ports.ErrInvalidKey
	}
	return ports.ErrUnavailable
}

var (
	errNotFile     = errors.New("what stands there is not a regular file")
	errChanged     = errors.New("the file was cut while it was read: another program writes into it")
	errFolderGone  = errors.New("the root folder or its metadata folder was removed")
	errEmptyRoot   = errors.New("the root is empty; \".\" is the working directory")
	errUnknownSync = errors.New("unknown value of Options.Sync")
)
