package kit_test

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

type infos = iter.Seq2[ports.ObjectInfo, error]

// listHarness makes stores whose List is another one.
func listHarness(list func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos) conformance.StoreHarness {
	return patchedHarness(func(p *patched) {
		p.list = func(ctx context.Context, opts ports.ListOptions) infos { return list(ctx, p.Store, opts) }
	})
}

var brokenLists = []broken[conformance.StoreHarness]{
	{"OS-LST-1", "lists folder by folder", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		return sortedBy(s.List(ctx, opts), func(a, b ports.ObjectInfo) int {
			return strings.Compare(strings.ReplaceAll(a.Key, "/", "\x00"), strings.ReplaceAll(b.Key, "/", "\x00"))
		})
	})},
	{"OS-LST-1", "lists the border of a page twice", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		return func(yield func(ports.ObjectInfo, error) bool) {
			n := 0
			for info, err := range s.List(ctx, opts) {
				if n++; n%100 == 0 && !yield(info, err) {
					return
				}
				if !yield(info, err) {
					return
				}
			}
		}
	})},
	{"OS-LST-2", "takes whole segments for prefixes alone", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		return only(s.List(ctx, opts), func(info ports.ObjectInfo) bool {
			rest, ok := strings.CutPrefix(info.Key, strings.TrimSuffix(opts.Prefix, "/"))
			return ok && (opts.Prefix == "" || rest == "" || rest[0] == '/')
		})
	})},
	{"OS-LST-2", "ignores Limit", changedOptions(func(o *ports.ListOptions) { o.Limit = 0 })},
	{"OS-LST-2", "includes StartAfter", changedOptions(func(o *ports.ListOptions) {
		if o.StartAfter != "" {
			o.StartAfter = o.StartAfter[:len(o.StartAfter)-1]
		}
	})},
	{"OS-LST-2", "ignores EndBefore", changedOptions(func(o *ports.ListOptions) { o.EndBefore = "" })},
	{"OS-LST-3", "lists no versions", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		return func(yield func(ports.ObjectInfo, error) bool) {
			for info, err := range s.List(ctx, opts) {
				if !yield(ports.ObjectInfo{Key: info.Key, Size: info.Size}, err) {
					return
				}
			}
		}
	})},
	{"OS-LST-4", "counts objects to find the next one", listHarness(listByPosition)},
	{"OS-LST-4", "walks once", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		all, err := collect(s.List(ctx, opts))
		return replay(all, err)
	})},
	{"OS-LST-5", "swallows its error", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		all, _ := collect(s.List(ctx, opts))
		return replay(all, nil)
	})},
	{"OS-LST-5", "goes on after an error", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		return func(yield func(ports.ObjectInfo, error) bool) {
			for info, err := range s.List(ctx, opts) {
				if !yield(info, err) || err != nil && !yield(info, err) {
					return
				}
			}
		}
	})},
	{"OS-LST-5", "leaves a goroutine behind", harnessOf(memory.StoreOptions{}, leakingList)},
	{"OS-KEY-2", "hides names that look like its own", listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		return only(s.List(ctx, opts), func(info ports.ObjectInfo) bool { return !strings.HasPrefix(info.Key, ".sb/") })
	})},
}

func changedOptions(change func(*ports.ListOptions)) conformance.StoreHarness {
	return listHarness(func(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
		change(&opts)
		return s.List(ctx, opts)
	})
}

func collect(seq infos) (all []ports.ObjectInfo, failure error) {
	for info, err := range seq {
		if err != nil {
			return all, err
		}
		all = append(all, info)
	}
	return all, nil
}

func replay(all []ports.ObjectInfo, err error) infos {
	return func(yield func(ports.ObjectInfo, error) bool) {
		for _, info := range all {
			if !yield(info, nil) {
				return
			}
		}
		if err != nil {
			yield(ports.ObjectInfo{}, err)
		}
	}
}

func sortedBy(seq infos, compare func(a, b ports.ObjectInfo) int) infos {
	all, err := collect(seq)
	slices.SortFunc(all, compare)
	return replay(all, err)
}

func only(seq infos, wanted func(ports.ObjectInfo) bool) infos {
	return func(yield func(ports.ObjectInfo, error) bool) {
		for info, err := range seq {
			if (err != nil || wanted(info)) && !yield(info, err) {
				return
			}
		}
	}
}

func listByPosition(ctx context.Context, s *memory.Store, opts ports.ListOptions) infos {
	return func(yield func(ports.ObjectInfo, error) bool) {
		for i := 0; ; i++ {
			all, err := collect(s.List(ctx, opts))
			if err != nil {
				yield(ports.ObjectInfo{}, err)
			}
			if err != nil || i >= len(all) || !yield(all[i], nil) {
				return
			}
		}
	}
}

// leakingList reads ahead on a goroutine that nobody tells to stop, until the
// test is over.
func leakingList(t testing.TB, s *memory.Store) ports.ObjectStore {
	over := make(chan struct{})
	t.Cleanup(func() { close(over) })
	return &patched{Store: s, list: func(ctx context.Context, opts ports.ListOptions) infos {
		return func(yield func(ports.ObjectInfo, error) bool) {
			type pair struct {
				info ports.ObjectInfo
				err  error
			}
			ahead := make(chan pair)
			go func() {
				defer close(ahead)
				for info, err := range s.List(ctx, opts) {
					select {
					case ahead <- pair{info, err}:
					case <-over:
						return
					}
				}
			}()
			for p := range ahead {
				if !yield(p.info, p.err) {
					return
				}
			}
		}
	}}
}
