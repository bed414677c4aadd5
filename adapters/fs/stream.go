//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"io"
	"os"

	"github.com/smarterbase/smarterbase/ports"
)

// GetStream implements ports.Streamer. The reader keeps the file open that it
// began with, so it is not disturbed by later writes, deletes, or Close of the
// store; it fails once ctx is done. It is not safe for concurrent use.
func (s *Store) GetStream(ctx context.Context, key string, opts ports.GetOptions) (info ports.ObjectInfo, body io.ReadCloser, err error) {
	err = s.on(ctx, "get", key, func() (err error) {
		info, body, err = s.stream(ctx, key, opts)
		return err
	})
	return info, body, err
}

func (s *Store) stream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	fd, info, err := s.openObject(key)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	file := os.NewFile(uintptr(fd), key)
	from, to, err := choose(info, opts)
	if err != nil {
		_ = file.Close()
		return ports.ObjectInfo{}, nil, err
	}
	return info, &reader{ctx: ctx, key: key, file: file, at: from, end: to}, nil
}

// reader reads one range of one open file.
type reader struct {
	ctx     context.Context
	key     string
	file    *os.File
	at, end int64
}

// Read implements io.Reader. The end comes only where it was when the file was
// opened; a file that has become shorter is an error.
func (r *reader) Read(p []byte) (int, error) {
	if err := ports.ContextDone(r.ctx, "get", r.key); err != nil {
		return 0, err
	}
	if r.at == r.end {
		return 0, io.EOF
	}
	n, err := r.file.ReadAt(p[:min(int64(len(p)), r.end-r.at)], r.at)
	r.at += int64(n)
	switch {
	case err == io.EOF && r.at < r.end:
		return n, fail("get", r.key, refuse(ports.ErrBusy, errChanged))
	case err == nil || err == io.EOF:
		return n, nil
	}
	return n, fail("get", r.key, during("read", err))
}

// Close implements io.Closer.
func (r *reader) Close() error { return r.file.Close() }
