package services

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestNewestProgramOfTheCache(t *testing.T) {
	t.Parallel()
	cache := t.TempDir()
	if _, err := newest(cache, "x"); err == nil {
		t.Error("an empty cache has a program")
	}
	for i, version := range []string{"v9", "v10", "v2"} {
		file := filepath.Join(cache, "x@"+version, executable("x"))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		when := time.Unix(int64(1000+i*(2-i)), 0) // v10 was built last
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := newest(cache, "x"); err != nil || filepath.Base(filepath.Dir(got)) != "x@v10" {
		t.Errorf("the newest is %s, %v", got, err)
	}
}

func TestPinnedVersions(t *testing.T) {
	t.Parallel()
	file := filepath.Join(checkoutRoot(), "tools", "pinned.txt")
	for _, r := range recipes() {
		if r.tool == "" {
			continue
		}
		if version, err := pinnedVersion(file, r.tool); err != nil || version[0] != 'v' {
			t.Errorf("%s: %q, %v", r.tool, version, err)
		}
	}
	if _, err := pinnedVersion(file, "no-such-program"); err == nil {
		t.Error("a program that is not there has a version")
	}
}

func TestProgramThatIsNotOnPath(t *testing.T) {
	t.Parallel()
	if found, err := onPath("no-such-program-1", "no-such-program-2"); err == nil {
		t.Errorf("found %s", found)
	}
}
