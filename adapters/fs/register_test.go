//go:build unix && !aix && !solaris

package fs

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func TestOpenByURL(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for raw, root := range map[string]string{
		"file://./data":                        "data",
		"file://./a/b%20c?sync=full":           "a/b c",
		"file://../" + filepath.Base(dir):      ".",
		"file://" + filepath.ToSlash(dir):      ".",
		"file://" + dir + "/none?sync=none":    "none",
		"file://./" + strings.Repeat("x/", 20): strings.Repeat("x/", 20),
	} {
		store, err := urls.OpenStore(t.Context(), raw)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		_, err = store.Put(t.Context(), "k.json", []byte("x"), ports.IfAbsent)
		wantErr(t, err, nil, raw)
		check(t, store.Delete(t.Context(), "k.json", ports.Any))
		if got := snapshot(t, filepath.Join(dir, root, MetadataDir, modeFile)); !strings.Contains(got, modePlain) {
			t.Errorf("%s opened another root than %s", raw, root)
		}
		closeStore(t, store)
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	t.Parallel()
	for raw, hint := range map[string]string{
		"file://./data?sync=maybe":         "maybe",
		"file://./data?fsync=none":         "fsync",
		"file://data":                      "file://./relative",
		"file:data":                        "file://./relative",
		"file://":                          "file://./relative",
		"file://localhost/srv":             "file://./relative",
		"file://u:p@./data":                "user",
		"file://./data#part":               "%23",
		"file://./data?sync=none&sync=off": "sync",
	} {
		store, err := urls.OpenStore(t.Context(), raw)
		if store != nil {
			t.Errorf("%s: opened", raw)
		}
		wantErr(t, err, ports.ErrInvalidKey, raw)
		if err == nil || !strings.Contains(err.Error(), hint) || strings.Contains(err.Error(), "u:p") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}
