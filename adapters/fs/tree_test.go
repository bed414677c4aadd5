//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// both runs a test with and without openat2.
func both(t *testing.T, test func(t *testing.T, opts Options)) {
	t.Helper()
	t.Parallel()
	for name, opts := range map[string]Options{"openat2": {}, "walk": {forceWalk: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, opts)
		})
	}
}

// calls tries every method on a key.
func calls(t *testing.T, s *Store, key string) map[string]error {
	t.Helper()
	answers := map[string]error{}
	_, answers["get"] = s.Get(t.Context(), key, ports.GetOptions{})
	_, answers["stat"] = s.Stat(t.Context(), key)
	_, answers["put"] = s.Put(t.Context(), key, []byte("ours"), ports.Any)
	_, answers["create"] = s.Put(t.Context(), key, []byte("ours"), ports.IfAbsent)
	_, answers["replace"] = s.Put(t.Context(), key, []byte("ours"), ports.IfVersion("1"))
	_, answers["put stream"] = s.PutStream(t.Context(), key, strings.NewReader("ours"), ports.Any)
	_, _, answers["get stream"] = s.GetStream(t.Context(), key, ports.GetOptions{})
	answers["delete"] = s.Delete(t.Context(), key, ports.Any)
	answers["delete version"] = s.Delete(t.Context(), key, ports.IfVersion("1"))
	return answers
}

func wantAll(t *testing.T, answers map[string]error, want error) {
	t.Helper()
	for call, err := range answers {
		wantErr(t, err, want, call)
		if e, ok := errors.AsType[*ports.Error](err); err != nil && (!ok || e.Op == "" || e.Key == "") {
			t.Errorf("%s answers %#v, want a *ports.Error with operation and key", call, err)
		}
	}
}

func TestSymbolicLinksAreNeverFollowed(t *testing.T) {
	both(t, func(t *testing.T, opts Options) {
		s, root := newStore(t, opts)
		outside := t.TempDir()
		secret := filepath.Join(outside, "secret.json")
		check(t, os.WriteFile(secret, []byte("secret"), 0o600))
		check(t, os.Mkdir(filepath.Join(root, "deep"), 0o755))
		check(t, os.Symlink(secret, filepath.Join(root, "file.json")))
		check(t, os.Symlink("missing", filepath.Join(root, "dangling.json")))
		check(t, os.Symlink(outside, filepath.Join(root, "folder")))
		check(t, os.Symlink(outside, filepath.Join(root, "deep", "folder")))
		check(t, os.Symlink(".", filepath.Join(root, "self")))
		before := snapshot(t, outside)
		for _, key := range []string{
			"file.json", "dangling.json", "folder/secret.json", "folder/new.json", "deep/folder/secret.json",
			"deep/folder/sub/new.json", "self/file.json", "self/new.json",
		} {
			wantAll(t, calls(t, s, key), ports.ErrInvalidKey)
		}
		if after := snapshot(t, outside); after != before {
			t.Errorf("outside the root, %s became %s", before, after)
		}
		if got := list(t, s, ports.ListOptions{}); len(got) != 0 {
			t.Errorf("listed %q", got)
		}
		for _, err := range s.List(t.Context(), ports.ListOptions{Prefix: "folder/"}) {
			if !errors.Is(err, ports.ErrInvalidKey) {
				t.Errorf("listing of a linked folder answers %v", err)
			}
		}
	})
}

func TestInvalidKeysTouchNothing(t *testing.T) {
	both(t, func(t *testing.T, opts Options) {
		above := t.TempDir()
		s := openStore(t, filepath.Join(above, "root"), opts)
		before := snapshot(t, above)
		for _, key := range []string{
			"../x", "a/../../x", "..", "/etc/passwd", "a//b", "a\x00b", "a/./b", strings.Repeat("n", 300), "a/",
			filepath.Join(above, "x"), "\xff", "a\nb",
		} {
			wantAll(t, calls(t, s, key), ports.ErrInvalidKey)
			for info, err := range s.List(t.Context(), ports.ListOptions{Prefix: key}) {
				t.Errorf("list of %q yields %v, %v", key, info, err)
			}
		}
		if after := snapshot(t, above); after != before {
			t.Errorf("%s became %s", before, after)
		}
	})
}

func TestOtherThingsInTheWay(t *testing.T) {
	both(t, func(t *testing.T, opts Options) {
		s, root := newStore(t, opts)
		check(t, unix.Mkfifo(filepath.Join(root, "pipe.json"), 0o644))
		check(t, os.Mkdir(filepath.Join(root, "folder.json"), 0o755))
		check(t, os.WriteFile(filepath.Join(root, "plain"), nil, 0o644))
		for _, key := range []string{"pipe.json", "folder.json", "plain/x.json"} {
			wantAll(t, calls(t, s, key), ports.ErrInvalidKey)
		}
		// The keys beside them have names of their own.
		for _, key := range []string{"folder.json/x", "plain"} {
			_, err := s.Put(t.Context(), key, nil, ports.IfAbsent)
			check(t, err)
		}
	})
}

func TestMetadataFolderMayNotBeALink(t *testing.T) {
	t.Parallel()
	root, outside := t.TempDir(), t.TempDir()
	check(t, os.Symlink(outside, filepath.Join(root, MetadataDir)))
	_, err := Open(t.Context(), root, Options{})
	if !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("open answers %v", err)
	}
	if got := snapshot(t, outside); got != "" {
		t.Errorf("made %s", got)
	}
}

// Keys that look like names of the adapter are ordinary.
func TestMetadataFolderIsOutOfReach(t *testing.T) {
	both(t, func(t *testing.T, opts Options) {
		s, root := newStore(t, opts)
		before := snapshot(t, filepath.Join(root, MetadataDir, "names"))
		for _, key := range []string{".sb", ".sb/names", ".sb/locks/000", ".sb/tmp/x", "a/.sb/b"} {
			_, err := s.Put(t.Context(), key, []byte("x"), ports.IfAbsent)
			check(t, err)
		}
		if after := snapshot(t, filepath.Join(root, MetadataDir, "names")); after != before {
			t.Errorf("%s became %s", before, after)
		}
		want := []string{".sb", ".sb/locks/000", ".sb/names", ".sb/tmp/x", "a/.sb/b"}
		wantKeys(t, list(t, s, ports.ListOptions{}), want)
	})
}

// snapshot is all that is below a folder.
func snapshot(t testing.TB, root string) string {
	t.Helper()
	var b strings.Builder
	check(t, filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || p == root && d.IsDir() {
			return err
		}
		b.WriteString(p + " " + d.Type().String())
		if d.Type().IsRegular() {
			data, err := os.ReadFile(p)
			b.WriteString(" " + string(data))
			return err
		}
		return nil
	}))
	return b.String()
}
