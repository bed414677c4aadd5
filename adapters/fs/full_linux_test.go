package fs

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// On a full disk nothing that is there is lost, everything can be read, room
// can be made, and then writes work again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	s := smallDisk(t)
	old, err := s.Put(t.Context(), "doc.bin", []byte("old"), ports.Any)
	check(t, err)
	full := fillDisk(t, s)
	for _, size := range []int{1 << 10, 2 << 20} {
		_, err = s.Put(t.Context(), "doc.bin", make([]byte, size), ports.IfVersion(old))
		wantErr(t, err, ports.ErrUnavailable, "put on a full disk")
		wantErr(t, err, unix.ENOSPC, "put on a full disk")
		_, err = s.PutStream(t.Context(), "doc.bin", bytes.NewReader(make([]byte, size)), ports.Any)
		wantErr(t, err, ports.ErrUnavailable, "stream to a full disk")
	}
	object, err := s.Get(t.Context(), "doc.bin", ports.GetOptions{})
	if err != nil || string(object.Data) != "old" || object.Version != old {
		t.Errorf("%+v, %v", object, err)
	}
	if got := list(t, s, ports.ListOptions{Prefix: "fill/"}); len(got) != full {
		t.Errorf("listed %d of %d", len(got), full)
	}
	check(t, s.Delete(t.Context(), "fill/0", ports.Any))
	_, err = s.Put(t.Context(), "doc.bin", make([]byte, 1<<10), ports.IfVersion(old))
	check(t, err)
}

func fillDisk(t *testing.T, s *Store) (objects int) {
	t.Helper()
	for {
		_, err := s.Put(t.Context(), fmt.Sprintf("fill/%d", objects), make([]byte, 4<<10), ports.Any)
		if errors.Is(err, unix.ENOSPC) {
			return objects
		}
		check(t, err)
		objects++
	}
}

// smallDisk opens a store on a file system of 1 MiB, which only root can make.
// Others test the same errors by the limit of a file's size alone.
func smallDisk(t *testing.T) *Store {
	t.Helper()
	root := t.TempDir()
	err := unix.Mount("tmpfs", root, "tmpfs", 0, "size=1m")
	if os.Geteuid() != 0 || errors.Is(err, unix.EPERM) {
		t.Skipf("mounting needs root: %v", err)
	}
	check(t, err)
	t.Cleanup(func() { check(t, unix.Unmount(root, unix.MNT_DETACH)) })
	return openStore(t, root, Options{})
}

// Another mount below the root is another file system: writes could not be
// renamed there, so nothing leads there.
func TestMountsAreNotEntered(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	check(t, os.Mkdir(root+"/mounted", 0o755))
	err := unix.Mount("tmpfs", root+"/mounted", "tmpfs", 0, "size=1m")
	if os.Geteuid() != 0 || errors.Is(err, unix.EPERM) {
		t.Skipf("mounting needs root: %v", err)
	}
	check(t, err)
	t.Cleanup(func() { check(t, unix.Unmount(root+"/mounted", unix.MNT_DETACH)) })
	wantAll(t, calls(t, s, "mounted/x.json"), ports.ErrInvalidKey)
	for _, err := range s.List(t.Context(), ports.ListOptions{}) {
		wantErr(t, err, ports.ErrInvalidKey, "list")
	}
}

// asNobody runs f without the rights of root on files. The rights belong to the
// thread, which is thrown away with its goroutine.
func asNobody(t *testing.T, f func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		if err := unix.Setfsuid(65534); err != nil {
			t.Error(err)
			return
		}
		f()
	}()
	<-done
}

// A file without the right to read it fails alone; it is listed, with its
// version. A folder without it fails the listing.
func TestMissingRights(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	for _, key := range []string{"d/closed.json", "d/open.json", "e/x.json"} {
		_, err := s.Put(t.Context(), key, []byte("x"), ports.Any)
		check(t, err)
	}
	check(t, os.Chmod(root+"/d/closed.json", 0))
	asNobody(t, func() {
		_, err := s.Get(t.Context(), "d/closed.json", ports.GetOptions{})
		wantErr(t, err, ports.ErrPermission, "get")
		_, _, err = s.GetStream(t.Context(), "d/closed.json", ports.GetOptions{})
		wantErr(t, err, ports.ErrPermission, "get stream")
		_, err = s.Get(t.Context(), "d/open.json", ports.GetOptions{})
		wantErr(t, err, nil, "get of another")
		wantKeys(t, list(t, s, ports.ListOptions{}), []string{"d/closed.json", "d/open.json", "e/x.json"})
	})
	check(t, os.Chmod(root+"/d", 0))
	t.Cleanup(func() { check(t, os.Chmod(root+"/d", 0o755)) })
	asNobody(t, func() {
		pairs := 0
		for _, err := range s.List(t.Context(), ports.ListOptions{}) {
			wantErr(t, err, ports.ErrPermission, "list")
			pairs++
		}
		if pairs != 1 {
			t.Errorf("%d pairs", pairs)
		}
		wantAll(t, calls(t, s, "d/open.json"), ports.ErrPermission)
	})
}
