package minio

import (
	"context"
	"errors"
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
		defer s.gate.Leave()
		within, some := boundsOf(opts)
		if !some {
			return
		}
		w := &walk{bucket: s, opts: opts, yield: yield}
		if err := w.resume(ctx, within); err != nil {
			yield(ports.ObjectInfo{}, err)
		}
	}
}

var errOrder = errors.New("the server does not list in the byte order of names")

// walk is one listing.
type walk struct {
	bucket *bucket
	opts   ports.ListOptions
	yield  func(ports.ObjectInfo, error) bool
	found  int
	passed string // the greatest name that was listed
	over   bool
}

// resume lists what is within, folder by folder from the one that the start is
// in. MinIO starts a page after "users/7.json" at the name "users", and counts
// what it passes over on its way: where "users-old/" has more objects than a
// page, the page is empty and is said to be the last one. Only a place without a
// folder, seen from the folder of the prefix, is safe to start from. No object
// has the name from which the listing goes on after a folder: it has no mark.
func (w *walk) resume(ctx context.Context, within bounds) error {
	for base := folderOf(within.prefix); ; {
		folder := folderOf(within.startAfter)
		inner := within
		if len(folder) > len(within.prefix) {
			inner.prefix = folder
		}
		if err := w.pages(ctx, inner); err != nil || w.over || len(folder) <= len(base) {
			return err
		}
		within.startAfter = folder[:len(folder)-1] + "0" // the character after the slash
	}
}

// folderOf returns the part of a name up to its last slash.
func folderOf(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }

// pages lists what is within, which starts in the folder of its prefix. A
// continuation goes the unsafe way once the server has lost what it kept for
// it, as after a restart: so what has folders and fills a page is confirmed.
func (w *walk) pages(ctx context.Context, within bounds) error {
	size := maxPage
	if w.opts.Limit > 0 {
		size = min(size, w.opts.Limit)
	}
	noOwner := false
	listed, last, nested := 0, "", false
	base := folderOf(within.prefix)
	for entry := range w.bucket.core.ListObjectsIter(ctx, w.bucket.name, sdk.ListObjectsOptions{
		Prefix: within.prefix, StartAfter: within.startAfter, Recursive: true, MaxKeys: size, FetchOwner: &noOwner,
	}) {
		switch {
		case entry.Err != nil:
			return w.bucket.fail(ctx, attempt{op: "list", key: w.opts.Prefix, stage: reading}, entry.Err)
		case entry.Key <= last:
			return ports.Fail("list", w.opts.Prefix, ports.ErrUnsupported, errOrder)
		}
		listed, last = listed+1, entry.Key
		nested = nested || len(folderOf(last)) > len(base)
		if last <= w.passed {
			continue
		}
		if err := w.take(&entry); err != nil || w.over {
			return err
		}
	}
	// The SDK ends a walk whose context is done as if nothing were left.
	if err := ports.ContextDone(ctx, "list", w.opts.Prefix); err != nil || listed < size || !nested {
		return err
	}
	return w.resume(ctx, bounds{within.prefix, last})
}

// take yields what is selected.
func (w *walk) take(entry *sdk.ObjectInfo) error {
	w.passed = entry.Key
	key, at := placeOf(entry.Key, w.opts)
	if at == before {
		return nil
	}
	if w.over = at == behind || !w.yield(listed(key, entry), nil); w.over {
		return nil
	}
	if w.found++; w.found == w.opts.Limit {
		w.over = true
	} else if w.bucket.gate.Closed() {
		return ports.Fail("list", w.opts.Prefix, ports.ErrClosed, nil)
	}
	return nil
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
