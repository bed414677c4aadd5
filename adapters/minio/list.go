package minio

import (
	"context"
	"iter"
	"strings"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
)

// maxPage is how many objects one request of a listing answers.
const maxPage = 1000

// List walks page by page, each fetched when the one before is used up. An
// object of another program, whose name this package would not give, is
// left out.
func (s *bucket) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		if err := s.begin(ctx, "list", opts.Prefix); err != nil {
			yield(ports.ObjectInfo{}, err)
			return
		}
		defer s.gate.leave()
		if within, some := boundsOf(opts); some {
			s.walk(ctx, opts, within, yield)
		}
	}
}

func (s *bucket) walk(ctx context.Context, opts ports.ListOptions, within bounds, yield func(ports.ObjectInfo, error) bool) {
	page := maxPage
	if opts.Limit > 0 {
		page = min(page, opts.Limit)
	}
	noOwner := false
	found := 0
	for entry := range s.core.ListObjectsIter(ctx, s.name, sdk.ListObjectsOptions{
		Prefix: within.prefix, StartAfter: within.startAfter, Recursive: true, MaxKeys: page, FetchOwner: &noOwner,
	}) {
		if entry.Err != nil {
			yield(ports.ObjectInfo{}, s.fail(ctx, attempt{op: "list", key: opts.Prefix, stage: reading}, entry.Err))
			return
		}
		key, place := placeOf(entry.Key, opts)
		if place == before {
			continue
		}
		if place == behind || !yield(listed(key, &entry), nil) {
			return
		}
		if found++; found == opts.Limit {
			return
		}
		if s.gate.closed.Load() {
			yield(ports.ObjectInfo{}, ports.Fail("list", opts.Prefix, ports.ErrClosed, nil))
			return
		}
	}
	// The SDK ends a walk whose context is done as if nothing were left.
	if err := ports.ContextDone(ctx, "list", opts.Prefix); err != nil {
		yield(ports.ObjectInfo{}, err)
	}
}

// place is where a name stands relative to what a listing selects.
type place int

const (
	before place = iota // or between, and not selected
	inside
	behind
)

func placeOf(name string, opts ports.ListOptions) (key string, at place) {
	key, ours := decode(name)
	switch {
	case !ours || key <= opts.StartAfter:
		return key, before
	case opts.EndBefore != "" && key >= opts.EndBefore:
		return key, behind
	case strings.HasPrefix(key, opts.Prefix):
		return key, inside
	case key > opts.Prefix:
		return key, behind
	}
	return key, before
}

func listed(key string, entry *sdk.ObjectInfo) ports.ObjectInfo {
	return ports.ObjectInfo{
		Key: key, Version: ports.Version(entry.ETag), Size: entry.Size, ModTime: entry.LastModified,
	}
}
