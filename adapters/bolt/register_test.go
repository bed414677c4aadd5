package bolt

import (
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func TestTheURLNamesThePath(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, goos, want string }{
		{"bolt://./data/.sb/index.bolt", "linux", "./data/.sb/index.bolt"},
		{"bolt://../index.bolt", "linux", "../index.bolt"},
		{"bolt://data/index.bolt", "linux", "data/index.bolt"},
		{"bolt://index.bolt", "linux", "index.bolt"},
		{"bolt:///var/lib/a%20b.bolt", "linux", "/var/lib/a b.bolt"},
		{"bolt:///C:/data/index.bolt", "windows", "C:/data/index.bolt"},
		{"bolt:///C:/data/index.bolt", "linux", "/C:/data/index.bolt"},
	} {
		u, err := url.Parse(c.raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := pathOf(u, c.goos); filepath.ToSlash(got) != c.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", c.raw, got, err, c.want)
		}
	}
	for _, raw := range []string{"bolt://", "bolt:index.bolt", "bolt://u:p@./x", "bolt://./x?mode=0600", "bolt://./x#y"} {
		if _, err := urls.OpenIndex(t.Context(), raw); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("%s: err = %v", raw, err)
		}
	}
}

func TestTheSchemeOpensTheFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "index.bolt")
	x, err := urls.OpenIndex(t.Context(), "bolt://"+filepath.ToSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.(*Index).Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
	if x, err := urls.OpenIndex(t.Context(), "bolt://"+filepath.ToSlash(filepath.Dir(path))); err == nil || x != nil {
		t.Errorf("a folder: %v, %v", x, err)
	}
}
