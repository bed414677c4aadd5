package memory

import (
	"context"
	"errors"
	"iter"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// pageSize bounds how long a listing holds the lock.
const pageSize = 256

// List walks the objects page by page, as a network store does: each page is
// one atomic look, and the lock is free while the caller works on it.
func (s *Store) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		if opts.Limit < 0 {
			yield(ports.ObjectInfo{}, ports.Fail("list", opts.Prefix, ports.ErrInvalidKey, errors.New("the limit is negative")))
			return
		}
		start := opts.Prefix
		if opts.StartAfter != "" {
			start = max(start, successor(opts.StartAfter))
		}
		for left := opts.Limit; ; {
			page, more, err := s.page(ctx, opts, start, left)
			for i := 0; i < len(page) && err == nil; i++ {
				if !yield(page[i], nil) {
					return
				}
				err = ports.ContextDone(ctx, "list", opts.Prefix)
			}
			if err != nil {
				yield(ports.ObjectInfo{}, err)
				return
			}
			if left -= len(page); !more || left == 0 {
				return
			}
			start = successor(page[len(page)-1].Key)
		}
	}
}

// page reads at most left objects, or as many as a page holds; more says that
// it stopped for that reason. left is 0 or less where there is no limit.
func (s *Store) page(ctx context.Context, opts ports.ListOptions, start string, left int) (page []ports.ObjectInfo, more bool, err error) {
	if err := s.open(ctx, "list", opts.Prefix); err != nil {
		return nil, false, err
	}
	size := pageSize
	if left > 0 {
		size = min(size, left)
	}
	s.objects.mu.RLock()
	defer s.objects.mu.RUnlock()
	for key, found := range s.objects.byKey.from(start) {
		if !strings.HasPrefix(key, opts.Prefix) || (opts.EndBefore != "" && key >= opts.EndBefore) {
			return page, false, nil
		}
		if page = append(page, found.info); len(page) == size {
			return page, true, nil
		}
	}
	return page, false, nil
}

// successor is the least string that is greater than key.
func successor(key string) string { return key + "\x00" }
