//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	_ ports.ObjectStore = (*Store)(nil)
	_ ports.Streamer    = (*Store)(nil)
	_ ports.Pinger      = (*Store)(nil)
	_ io.Closer         = (*Store)(nil)
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	check(t, os.WriteFile(file, nil, 0o644))
	done, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		root string
		opts Options
		want error
	}{
		"an empty root":          {t.Context(), "", Options{}, ports.ErrInvalidKey},
		"a file as root":         {t.Context(), file, Options{}, ports.ErrInvalidKey},
		"a file above the root":  {t.Context(), file + "/root", Options{}, ports.ErrInvalidKey},
		"an unknown sync":        {t.Context(), t.TempDir(), Options{Sync: 2}, ports.ErrUnsupported},
		"a context that is done": {done, t.TempDir(), Options{}, context.Canceled},
	} {
		s, err := Open(c.ctx, c.root, c.opts)
		if s != nil {
			t.Errorf("%s: opened", name)
		}
		wantErr(t, err, c.want, "open with "+name)
		if e, ok := errors.AsType[*ports.Error](err); !ok || e.Op != "open" || e.Key != c.root {
			t.Errorf("%s: %#v", name, err)
		}
	}
}

// The root may be a link, and is made with all above it.
func TestOpenMakesTheRoot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openStore(t, filepath.Join(dir, "a", "b"), Options{})
	_, err := s.Put(t.Context(), "k.json", []byte("x"), ports.Any)
	check(t, err)
	check(t, os.Symlink("a/b", filepath.Join(dir, "link")))
	object, err := openStore(t, filepath.Join(dir, "link"), Options{}).Get(t.Context(), "k.json", ports.GetOptions{})
	if err != nil || string(object.Data) != "x" {
		t.Errorf("%+v, %v", object, err)
	}
}

// Opening removes what dead stores left, and nothing of living ones, however
// many open and close at once.
func TestSweepSparesTheLiving(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	living := openStore(t, root, Options{Sync: SyncNone})
	body, write := io.Pipe()
	result := make(chan error)
	go func() {
		_, err := living.PutStream(t.Context(), "slow.bin", body, ports.Any)
		result <- err
	}()
	_, err := write.Write([]byte("first half, "))
	check(t, err)
	dead := filepath.Join(root, MetadataDir, scratchDir, "dead")
	check(t, os.Mkdir(dead, 0o700))
	check(t, os.WriteFile(filepath.Join(dead, "1"), []byte("unfinished"), 0o600))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 20 {
				s, err := Open(t.Context(), root, Options{Sync: SyncNone})
				if err != nil {
					t.Error(err)
					return
				}
				_, err = s.Put(t.Context(), fmt.Sprintf("d/%d-%d", i, j), nil, ports.IfAbsent)
				wantErr(t, errors.Join(err, s.Close()), nil, "put")
			}
		})
	}
	wg.Wait()
	if _, err := os.Stat(dead); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the dead: %v", err)
	}
	_, err = write.Write([]byte("second half"))
	check(t, errors.Join(err, write.Close(), <-result))
	object, err := living.Get(t.Context(), "slow.bin", ports.GetOptions{})
	if err != nil || string(object.Data) != "first half, second half" {
		t.Errorf("%q, %v", object.Data, err)
	}
	if got := list(t, living, ports.ListOptions{Prefix: "d/"}); len(got) != 160 {
		t.Errorf("%d objects of 160", len(got))
	}
}

// How names are written belongs to the root, and outlives a move to a file
// system that would not need it. The other way round is refused.
func TestNameModeBelongsToTheRoot(t *testing.T) {
	t.Parallel()
	folded := t.TempDir()
	_, err := openStore(t, folded, Options{forceFold: true}).Put(t.Context(), "Users/A.json", []byte("x"), ports.Any)
	check(t, err)
	wantKeys(t, list(t, openStore(t, folded, Options{}), ports.ListOptions{}), []string{"Users/A.json"})
	_, plain := newStore(t, Options{})
	_, err = Open(t.Context(), plain, Options{forceFold: true})
	wantErr(t, err, ports.ErrUnsupported, "open of plain names where case is ignored")
	check(t, os.WriteFile(filepath.Join(plain, MetadataDir, modeFile), []byte("newer"), 0o644))
	_, err = Open(t.Context(), plain, Options{})
	wantErr(t, err, ports.ErrUnsupported, "open of unknown names")
}

func TestPingNoticesThatTheRootIsGone(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	check(t, s.Ping(t.Context()))
	check(t, os.RemoveAll(root))
	wantErr(t, s.Ping(t.Context()), ports.ErrUnavailable, "ping")
	_, err := s.Put(t.Context(), "a/k", nil, ports.Any)
	wantErr(t, err, ports.ErrUnavailable, "put")
	check(t, os.MkdirAll(root, 0o755))
}

// A folder that somebody removed is made again.
func TestRemovedFoldersAreMadeAgain(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	for range 3 {
		_, err := s.Put(t.Context(), "a/b/k", nil, ports.IfAbsent)
		check(t, err)
		check(t, os.RemoveAll(filepath.Join(root, "a")))
		wantKeys(t, list(t, s, ports.ListOptions{}), []string{})
	}
}

// A failed put takes the folders into which nothing came as they are, but
// leaves no unfinished file.
func TestFailedPutsLeaveNothing(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	version, err := s.Put(t.Context(), "k", []byte("old"), ports.Any)
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	broken := readerFunc(func(p []byte) (int, error) { return copy(p, "part"), errTest })
	ends := readerFunc(func(p []byte) (int, error) { cancel(); return 0, io.EOF })
	for name, c := range map[string]struct {
		body io.Reader
		cond ports.Condition
		want error
	}{
		"a reader that fails":             {broken, ports.Any, errTest},
		"a context that ends at the end":  {ends, ports.Any, context.Canceled},
		"a condition that does not hold":  {strings.NewReader("x"), ports.IfAbsent, ports.ErrPrecondition},
		"a version that is not there now": {strings.NewReader("x"), ports.IfVersion("1"), ports.ErrPrecondition},
	} {
		use := t.Context()
		if errors.Is(c.want, context.Canceled) {
			use = ctx
		}
		_, err := s.PutStream(use, "k", c.body, c.cond)
		wantErr(t, err, c.want, name)
	}
	if info, err := s.Stat(t.Context(), "k"); err != nil || info.Version != version {
		t.Errorf("%+v, %v", info, err)
	}
	if n := leftovers(t, root); n != 0 {
		t.Errorf("%d unfinished files", n)
	}
}

// A file that another program cuts while it is read fails the read.
func TestCutFilesAreNoticed(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	_, err := s.Put(t.Context(), "k.bin", make([]byte, 1000), ports.Any)
	check(t, err)
	_, body, err := s.GetStream(t.Context(), "k.bin", ports.GetOptions{})
	check(t, err)
	check(t, os.Truncate(filepath.Join(root, "k.bin"), 10))
	data, err := io.ReadAll(body)
	if len(data) != 10 || !errors.Is(err, ports.ErrBusy) {
		t.Errorf("%d bytes, %v", len(data), err)
	}
	check(t, body.Close())
}
