package bolt_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
	"go.etcd.io/bbolt"
)

func TestACleanCloseKeepsIdentityEpochBeginsAndEntries(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	x := open(t, path)
	regime := install(t, x, "s")
	for i := range 300 {
		begin(t, x, regime, entry("a", i), entry("b", i))
	}
	if err := x.End(t.Context(), "s", regime, []ports.Entry{entry("a", 7)}); err != nil {
		t.Fatal(err)
	}
	before := query(t, x, regime, "a")
	for range 3 {
		shut(t, x)
		x = open(t, path)
		after := query(t, x, regime, "a")
		if identity(t, x) != regime.Identity || after.Begins != 300 || len(after.Members) != 299 {
			t.Fatalf("%d Begins, %d members", after.Begins, len(after.Members))
		}
		for i, member := range after.Members {
			if !bytes.Equal(member, before.Members[i]) {
				t.Fatalf("member %d is %q, was %q", i, member, before.Members[i])
			}
		}
	}
}

func TestASecondOpenIsRefusedAtOnceAndToldWhy(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	x := open(t, path)
	regime := install(t, x, "s")
	_, err := bolt.Open(t.Context(), path, bolt.Options{})
	if !errors.Is(err, ports.ErrUnavailable) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "another process") {
		t.Errorf("err = %v", err)
	}
	begin(t, x, regime, entry("a", 1)) // undisturbed
	shut(t, x)
	if again := open(t, path); identity(t, again) != regime.Identity {
		t.Error("the refused Open cost the identity")
	}
}

func TestOfManyOpensOneWins(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	crash(t, path) // so that each of them wants to replace the file
	var mu sync.Mutex
	var opened []*bolt.Index
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			x, err := bolt.Open(t.Context(), path, bolt.Options{})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				opened = append(opened, x)
			} else if !errors.Is(err, ports.ErrUnavailable) {
				t.Errorf("err = %v", err)
			}
		})
	}
	wg.Wait()
	seen := make(map[string]bool)
	for _, x := range opened {
		if seen[identity(t, x)] {
			t.Error("two open indexes have one identity")
		}
		seen[identity(t, x)] = true
		shut(t, x)
	}
	if len(opened) == 0 {
		t.Error("nobody could open it")
	}
}

// crash leaves at path what a process leaves that was killed, and returns the
// identity that it had.
func crash(t testing.TB, path string) string {
	t.Helper()
	live := newPath(t)
	x := open(t, live)
	begin(t, x, install(t, x, "s"), entry("a", 1))
	copyFile(t, live, path)
	return identity(t, x)
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// isFresh fails the test unless x is empty and does not have that identity.
func isFresh(t *testing.T, x *bolt.Index, old string) {
	t.Helper()
	if identity(t, x) == old {
		t.Error("the identity is the old one")
	}
	page := query(t, x, install(t, x, "s"), "a")
	if len(page.Members) != 0 || page.Begins != 0 {
		t.Errorf("%d members and %d Begins are left", len(page.Members), page.Begins)
	}
}

func TestAfterACrashTheIndexIsEmptyUnderANewIdentity(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	old := crash(t, path)
	isFresh(t, open(t, path), old)
	if names, err := filepath.Glob(path + "*"); err != nil || len(names) != 1 {
		t.Errorf("a file that is only not closed was set aside: %v, %v", names, err)
	}
}

// clean returns the bytes of a file that was closed cleanly, and its identity.
func clean(t *testing.T) (data []byte, identityThen string) {
	t.Helper()
	path := newPath(t)
	x := open(t, path)
	regime := install(t, x, "s")
	var entries []ports.Entry
	for i := range 2_000 {
		entries = append(entries, entry("a", i))
	}
	begin(t, x, regime, entries...)
	shut(t, x)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data, regime.Identity
}

func TestADamagedFileIsSetAside(t *testing.T) {
	t.Parallel()
	data, old := clean(t)
	page := os.Getpagesize()
	for name, damaged := range map[string][]byte{
		"not a bolt file":    []byte("{\"this\": \"is something else\"}\n"),
		"both metas gone":    append(make([]byte, 2*page), data[2*page:]...),
		"cut behind metas":   data[:2*page],
		"cut in the middle":  data[:len(data)/2/page*page],
		"cut within a page":  data[:3*page+100],
		"zeros behind metas": append(bytes.Clone(data[:2*page]), make([]byte, len(data)-2*page)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			if err := os.WriteFile(path, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			isFresh(t, open(t, path), old)
			if !bytes.Equal(aside(t, path), damaged) {
				t.Error("what was there was changed")
			}
		})
	}
}

func TestOneDamagedPageIsNeverTrusted(t *testing.T) {
	t.Parallel()
	data, old := clean(t)
	page := os.Getpagesize()
	for at := 2 * page; at < len(data); at += page {
		if len(bytes.Trim(data[at:at+page], "\x00")) == 0 {
			continue // never written
		}
		damaged := bytes.Clone(data)
		clear(damaged[at : at+page])
		path := newPath(t)
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		x, err := bolt.Open(t.Context(), path, bolt.Options{})
		if err != nil {
			t.Fatalf("page %d: %v", at/page, err)
		}
		if identity(t, x) == old { // the page was a free one
			page, err := x.Query(t.Context(), "s", ports.Regime{Epoch: "e1", Identity: old}, ports.EntryRange{Set: "a"})
			if err != nil || len(page.Members) != 2_000 {
				t.Errorf("page %d: trusted, but %d members, %v", at/os.Getpagesize(), len(page.Members), err)
			}
		}
		shut(t, x)
	}
}

func TestAnEmptyFileIsTaken(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	isFresh(t, open(t, path), "")
}

func TestAForeignFileIsKept(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	db, err := bbolt.Open(path, 0o600, nil)
	if err == nil {
		err = db.Update(func(tx *bbolt.Tx) error { _, err := tx.CreateBucket([]byte("their data")); return err })
	}
	if err == nil {
		err = db.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	before := read(t, path)
	isFresh(t, open(t, path), "")
	if !bytes.Equal(aside(t, path), before) {
		t.Error("the file was changed")
	}
}

// aside returns the content of the one file that was set aside.
func aside(t *testing.T, path string) []byte {
	t.Helper()
	names, err := filepath.Glob(path + ".damaged-*")
	if err != nil || len(names) != 1 {
		t.Fatalf("set aside: %v, %v", names, err)
	}
	return read(t, names[0])
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", t.TempDir()} {
		if _, err := bolt.Open(t.Context(), path, bolt.Options{}); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("%q: err = %v", path, err)
		}
	}
}

func TestOpenMakesTheFolder(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "data", ".sb", "index.bolt")
	shut(t, open(t, path))
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestALinkStaysALink(t *testing.T) {
	t.Parallel()
	target := newPath(t)
	old := crash(t, target)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
	x := open(t, link)
	isFresh(t, x, old)
	shut(t, x)
	if identity(t, open(t, target)) == old {
		t.Error("the file behind the link was not the one that was replaced")
	}
}

func TestACallAfterCloseAnswersErrClosed(t *testing.T) {
	t.Parallel()
	x := open(t, newPath(t))
	counter := x.Counter()
	shut(t, x)
	shut(t, x)
	if _, err := x.Identity(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("index: err = %v", err)
	}
	if _, err := counter.Add(t.Context(), "n", 1); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("counter: err = %v", err)
	}
}

func TestCloseKeepsExactlyWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	for round := range 10 {
		x := openSmall(t, path)
		regime := install(t, x, "s")
		acknowledged := make([]int, 8) // by writer
		var started, wg sync.WaitGroup
		started.Add(len(acknowledged))
		for w := range acknowledged {
			wg.Go(func() {
				for i := 0; ; i++ {
					err := x.Begin(t.Context(), "s", regime, []ports.Entry{entry("a", (round*8+w)*10_000_000+i)})
					if i == 0 {
						started.Done()
					}
					if errors.Is(err, ports.ErrClosed) {
						return
					} else if err != nil {
						t.Error(err)
						return
					}
					acknowledged[w]++
				}
			})
		}
		started.Wait()
		shut(t, x)
		wg.Wait()

		x = open(t, path)
		total := 0
		for _, n := range acknowledged {
			total += n
		}
		if got := len(query(t, x, regime, "a").Members); identity(t, x) != regime.Identity || got != total {
			t.Errorf("%d entries, %d acknowledged", got, total)
		}
		if err := x.Drop(t.Context(), "s", "a"); err != nil {
			t.Fatal(err)
		}
		shut(t, x)
	}
}
