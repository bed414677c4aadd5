package simple_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
	"github.com/smarterbase/smarterbase/simple"
)

func TestOpenChoosesTheIndex(t *testing.T) {
	t.Parallel()
	bare := fresh("bare")
	urls.RegisterStore(bare, func(context.Context, *url.URL) (ports.ObjectStore, error) {
		return memory.NewStore(memory.StoreOptions{}), nil
	})
	folder := simple.FileURL(t.TempDir())
	for name, c := range map[string]struct {
		url   string
		store string
		index bool
	}{
		"files":                    {folder + "/a", "file", true},
		"files without sync":       {folder + "/b?sync=none", "file", true},
		"files without index":      {folder + "/c?index=none", "file", false},
		"files, both":              {folder + "/d?sync=none&index=none", "file", false},
		"files, index in memory":   {folder + "/e?index=mem://", "file", true},
		"files, index elsewhere":   {folder + "/f?index=bolt://" + t.TempDir() + "/elsewhere.bolt", "file", true},
		"memory":                   {"mem://", "memory", true},
		"memory without index":     {"mem://?index=none", "memory", false},
		"shared memory":            {"mem://choose", "memory", true},
		"another store":            {bare + "://", "memory", false},
		"another store with index": {bare + "://?index=mem://", "memory", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t, c.url)
			if got := db.Store().Capabilities().Name; got != c.store {
				t.Errorf("store %s, want %s", got, c.store)
			}
			if got := db.Index() != nil; got != c.index {
				t.Errorf("index %t, want %t", got, c.index)
			}
			create(t, collect[User](t, db), User{Name: "Ada"})
		})
	}
}

func TestTheEmbeddedIndexIsInTheAdaptersFolder(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	db := open(t, simple.FileURL(root))
	create(t, collect[User](t, db), User{ID: "1"})
	for _, name := range []string{".sb/index.bolt", "users/1.json"} {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Error(err)
		}
	}
}

func TestSharedMemoryIsOneDatabase(t *testing.T) {
	t.Parallel()
	url := "mem://" + fresh("both")
	one, two := open(t, url), open(t, url)
	first, second := collect[User](t, one), collect[User](t, two)
	create(t, first, User{ID: "1", Age: 7})
	if err := first.Core().WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	var p core.Profile
	found, err := second.Query().Where(simple.Eq("age", 7)).Profile(&p).All(t.Context())
	if err != nil || len(found) != 1 || p.Index == "" {
		t.Errorf("found %v by %s, err %v", found, p.Plan(), err)
	}
}

func TestOpenRefusesURLs(t *testing.T) {
	t.Parallel()
	folder := simple.FileURL(t.TempDir())
	for url, want := range map[string]struct {
		kind  error
		texts []string
	}{
		"./data":                       {core.ErrInvalid, []string{"no scheme", "file://./data"}},
		"":                             {core.ErrInvalid, []string{"no scheme"}},
		"file://data":                  {core.ErrInvalid, []string{"file://./relative"}},
		folder + "?synk=hunter2":       {core.ErrInvalid, []string{`unknown parameter "synk"`}},
		folder + "?sync=%zz":           {core.ErrInvalid, []string{"malformed"}},
		folder + "?index=none&index=x": {core.ErrInvalid, []string{"parameter index"}},
		folder + "?index=":             {core.ErrInvalid, []string{"parameter index"}},
		"mem://?sync=none":             {core.ErrInvalid, []string{`unknown parameter "sync"`}},
		"s3://bucket?key=hunter2":      {core.ErrUnsupported, []string{`import _ "github.com/smarterbase/smarterbase/adapters/s3"`}},
		folder + "?index=redis://:hunter2@host": {core.ErrUnsupported,
			[]string{`import _ "github.com/smarterbase/smarterbase/adapters/redis"`}},
		"nobody://x":                    {core.ErrUnsupported, []string{`scheme "nobody"`, "registered:", "file"}},
		"s3://user:hunter2/x@bucket%zz": {core.ErrInvalid, []string{"percent-encoded"}},
	} {
		_, err := simple.Open(t.Context(), url)
		var e *core.Error
		if !errors.Is(err, want.kind) || !errors.As(err, &e) || e.Op != "open" {
			t.Errorf("%s: err = %v, want %v", url, err, want.kind)
			continue
		}
		for _, text := range want.texts {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %q lacks %q", url, err, text)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %q holds a secret", url, err)
		}
	}
}

func TestOpenRefusesAnIndexBesideTheURL(t *testing.T) {
	t.Parallel()
	options := core.Options{Components: core.Components{Index: memory.NewIndex(memory.IndexOptions{})}}
	if _, err := simple.Open(t.Context(), "mem://", simple.WithCore(options)); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("err = %v", err)
	}
}

func TestOpenPassesSettingsOn(t *testing.T) {
	t.Parallel()
	options := core.Options{Settings: core.Settings{Attempts: -1}}
	if _, err := simple.Open(t.Context(), "mem://", simple.WithCore(options)); !errors.Is(err, core.ErrInvalid) || !strings.Contains(err.Error(), "Attempts") {
		t.Errorf("err = %v", err)
	}
}

func TestOpenHonoursTheContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := simple.Open(ctx, simple.FileURL(t.TempDir())); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestFileURLNamesThePath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"data":        "file://./data",
		"./data/":     "file://./data",
		"../data":     "file://../data",
		"../../a/b":   "file://../../a/b",
		".":           "file://./",
		"/srv/data":   "file:///srv/data",
		"/":           "file:///",
		"a b":         "file://./a%20b",
		"50%?#&index": "file://./50%25%3F%23&index",
	} {
		if got := simple.FileURL(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	odd := filepath.Join(t.TempDir(), "50%?#&index=none x")
	create(t, collect[User](t, open(t, simple.FileURL(odd))), User{ID: "1"})
	for _, name := range []string{".sb/index.bolt", "users/1.json"} {
		if _, err := os.Stat(filepath.Join(odd, name)); err != nil {
			t.Error(err)
		}
	}
}
