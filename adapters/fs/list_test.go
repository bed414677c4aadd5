//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

func list(t testing.TB, s *Store, opts ports.ListOptions) []string {
	t.Helper()
	keys := []string{}
	for info, err := range s.List(t.Context(), opts) {
		check(t, err)
		keys = append(keys, info.Key)
	}
	return keys
}

func wantKeys(t testing.TB, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("listed %q\nwant   %q", got, want)
	}
}

// Every listing equals the one computed from the sorted set of keys.
func TestListIsExact(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]Options{"plain": {Sync: SyncNone}, "fold": {Sync: SyncNone, forceFold: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t, opts)
			r := rand.New(rand.NewPCG(3, 4))
			var keys []string
			for len(keys) < 300 {
				key := randomKey(r)
				if _, err := s.Put(t.Context(), key, []byte(key), ports.IfAbsent); err == nil {
					keys = append(keys, key)
				} else if !errors.Is(err, ports.ErrPrecondition) {
					t.Fatal(err)
				}
			}
			slices.Sort(keys)
			bound := func() string {
				key := keys[r.IntN(len(keys))]
				return key[:r.IntN(len(key)+1)]
			}
			for range 500 {
				o := ports.ListOptions{Prefix: bound(), KeysOnly: r.IntN(2) == 0, Limit: r.IntN(10)}
				if r.IntN(2) == 0 {
					o.Prefix = ""
				}
				if r.IntN(2) == 0 {
					o.StartAfter = bound()
				}
				if r.IntN(2) == 0 {
					o.EndBefore = bound()
				}
				wantKeys(t, list(t, s, o), selectKeys(keys, o))
				if t.Failed() {
					t.Fatalf("options %+v", o)
				}
			}
		})
	}
}

func selectKeys(sorted []string, o ports.ListOptions) []string {
	selected := []string{}
	for _, key := range sorted {
		if strings.HasPrefix(key, o.Prefix) && key > o.StartAfter && (o.EndBefore == "" || key < o.EndBefore) &&
			(o.Limit == 0 || len(selected) < o.Limit) {
			selected = append(selected, key)
		}
	}
	return selected
}

// Files of other programs are objects if their names could be ours.
func TestListOfStrayThings(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	check(t, os.MkdirAll(filepath.Join(root, "users", "empty"), 0o755))
	check(t, os.MkdirAll(filepath.Join(root, "not.ours"), 0o755))
	check(t, os.MkdirAll(filepath.Join(root, "cut~+"), 0o755))
	for _, p := range []string{"users/1.json", "users/README", "not.ours/x.json", "users/bad\xff.json", "users/x.json~o", "cut~+/x.json"} {
		check(t, os.WriteFile(filepath.Join(root, p), []byte("{}"), 0o644))
	}
	check(t, unix.Mkfifo(filepath.Join(root, "users", "pipe.json"), 0o644))
	wantKeys(t, list(t, s, ports.ListOptions{}), []string{"users/1.json"})
	object, err := s.Get(t.Context(), "users/1.json", ports.GetOptions{})
	check(t, err)
	_, err = s.Put(t.Context(), "users/1.json", []byte("{1}"), ports.IfVersion(object.Version))
	check(t, err)
}

// A key that is there all the time is in every listing, while it and others
// are replaced, created and deleted, and others list the same folder.
func TestListWhileFilesAreReplaced(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "d/"} {
		t.Run("prefix "+prefix, func(t *testing.T) {
			t.Parallel()
			s, _ := newStore(t, Options{Sync: SyncNone})
			const stay = 200
			for i := range stay {
				_, err := s.Put(t.Context(), fmt.Sprintf("%s%03d.json", prefix, i), []byte("x"), ports.Any)
				check(t, err)
			}
			ctx, stop := context.WithCancel(t.Context())
			var writers, listers sync.WaitGroup
			for w := range 2 {
				writers.Go(func() {
					for n := w; ctx.Err() == nil; n += 7 {
						_, _ = s.Put(ctx, fmt.Sprintf("%s%03d.json", prefix, n%stay), []byte("y"), ports.Any)
						passing := fmt.Sprintf("%s%03d-passing.json", prefix, n%stay)
						_, _ = s.Put(ctx, passing, nil, ports.Any)
						_ = s.Delete(ctx, passing, ports.Any)
					}
				})
			}
			for range 3 {
				listers.Go(func() {
					for range 40 {
						wantStaying(t, s, prefix, stay)
					}
				})
			}
			listers.Wait()
			stop()
			writers.Wait()
		})
	}
}

func wantStaying(t *testing.T, s *Store, prefix string, stay int) {
	t.Helper()
	var kept []string
	for info, err := range s.List(t.Context(), ports.ListOptions{Prefix: prefix}) {
		if err != nil {
			t.Error(err)
		}
		if !strings.Contains(info.Key, "passing") {
			kept = append(kept, info.Key)
		}
	}
	if len(kept) != stay || !slices.IsSorted(kept) {
		t.Errorf("listed %d of %d", len(kept), stay)
	}
}

func TestListEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t, Options{Sync: SyncNone})
	for i := range 3 {
		_, err := s.Put(t.Context(), fmt.Sprint(i), nil, ports.Any)
		check(t, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	count := 0
	for _, err := range s.List(ctx, ports.ListOptions{}) {
		last = err
		count++
		cancel()
	}
	if count != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d pairs, the last with %v", count, last)
	}
}

// Close while a walk is under way takes nothing from it.
func TestCloseDuringList(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{Sync: SyncNone})
	want := []string{"a/1.x", "b/1.x", "c/1.x"}
	for _, key := range want {
		_, err := s.Put(t.Context(), key, []byte("x"), ports.Any)
		check(t, err)
	}
	var got []string
	for info, err := range s.List(t.Context(), ports.ListOptions{}) {
		check(t, err)
		check(t, s.Close())
		got = append(got, info.Key)
	}
	wantKeys(t, got, want)
	wantAll(t, calls(t, s, "a/1.x"), ports.ErrClosed)
	// The last one out has let go of everything.
	if left, err := os.ReadDir(filepath.Join(root, MetadataDir, scratchDir)); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
