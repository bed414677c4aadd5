//go:build unix && !aix && !solaris

package fs

import (
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// A process that may not write that much gets a clear error, and what was there
// stays.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	version, err := s.Put(t.Context(), "doc.bin", []byte("old"), ports.Any)
	check(t, err)
	play(t, "overflow", root, SyncFull).end(t)
	object, err := s.Get(t.Context(), "doc.bin", ports.GetOptions{})
	if err != nil || object.Version != version {
		t.Errorf("%+v, %v", object.ObjectInfo, err)
	}
	if info, err := s.Stat(t.Context(), "other.bin"); err != nil || info.Size != 1<<20 {
		t.Errorf("%+v, %v", info, err)
	}
	if n := leftovers(t, root); n != 0 {
		t.Errorf("%d unfinished files", n)
	}
}

// The rename was done, but can't be made durable: the outcome is unknown.
func TestUnflushedFolderIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t, Options{})
	err := fail("put", "k", s.flushFolder(folder{fd: -1}))
	wantErr(t, err, ports.ErrUnknown, "flush")
	quick, _ := newStore(t, Options{Sync: SyncNone})
	check(t, quick.flushFolder(folder{fd: -1}))
}
