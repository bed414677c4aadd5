package fs

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// However small the buffer, the same names are read; a buffer that is too small
// for one call is noticed.
func TestEntriesAreReadInOneCallOrInPieces(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var want []entry
	for i := range 3000 {
		name := fmt.Sprintf("%05d-%s.json", i, strings.Repeat("n", i%200))
		check(t, os.WriteFile(filepath.Join(root, name), nil, 0o644))
		want = append(want, entry{name, kindFile})
	}
	check(t, os.Mkdir(filepath.Join(root, "folder"), 0o755))
	check(t, os.Symlink("folder", filepath.Join(root, "link")))
	want = append(want, entry{"folder", kindFolder}, entry{"link", kindOther})
	fd, err := openAt(unix.AT_FDCWD, root, openFolderFlags, 0)
	check(t, err)
	defer func() { check(t, unix.Close(fd)) }()
	if _, whole, err := fillOnce(fd, make([]byte, 4096), false); whole || err != nil {
		t.Errorf("3000 names fit into 4096 bytes: %t, %v", whole, err)
	}
	_, err = unix.Seek(fd, 0, 0)
	check(t, err)
	once, err := readEntries(fd)
	check(t, err)
	pieces, err := readPieces(fd, make([]byte, 4096))
	check(t, err)
	for name, got := range map[string][]entry{"in one call": once, "in pieces": pieces} {
		slices.SortFunc(got, func(a, b entry) int { return cmp.Compare(a.name, b.name) })
		if !slices.Equal(got, want) {
			t.Errorf("%s, %d entries differ from %d", name, len(got), len(want))
		}
	}
}
