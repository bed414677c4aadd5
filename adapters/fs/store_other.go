//go:build !unix || aix || solaris

package fs

import (
	"context"
	"errors"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// Store exists here so that programs compile; Open never returns one.
type Store struct {
	ports.ObjectStore
	ports.Streamer
	ports.Pinger
	io.Closer
}

// Open answers ErrUnsupported on this operating system.
func Open(_ context.Context, root string, _ Options) (*Store, error) {
	return nil, ports.Fail("open", root, ports.ErrUnsupported,
		errors.New("files need the locks and renames of Linux, macOS or BSD"))
}
