package simple_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

func TestASecondProcessIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	url := simple.FileURL(root)
	db := open(t, url)
	users := collect[User](t, db)
	create(t, users, User{ID: "ada", Name: "Ada", Age: 36})

	said := runOther(t, url)
	for _, want := range []string{"unavailable=true", root + "/.sb/index.bolt", "close the other", "redis://", "?index=none"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q lacks %q", said, want)
		}
	}
	// The first one is not disturbed.
	create(t, users, User{ID: "bob", Age: 36})

	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if said := runOther(t, url); !strings.Contains(said, "found 2 <nil>") || !strings.Contains(said, "created") {
		t.Errorf("after Close the other process says %q", said)
	}
}

func TestASecondProcessWithoutIndexReadsAndCanNotWritePastIt(t *testing.T) {
	t.Parallel()
	url := simple.FileURL(t.TempDir())
	users := collect[User](t, open(t, url))
	create(t, users, User{ID: "ada", Name: "Ada", Age: 36})
	said := runOther(t, url+"?index=none")
	if !strings.Contains(said, "found 1 <nil>") || !strings.Contains(said, "create: unavailable=true") {
		t.Errorf("the other process says %q", said)
	}
}

func TestTheSameProcessOpensAFolderOnce(t *testing.T) {
	t.Parallel()
	url := simple.FileURL(t.TempDir())
	open(t, url)
	_, err := simple.Open(t.Context(), url)
	if !errors.Is(err, core.ErrUnavailable) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("err = %v", err)
	}
	_, err = simple.Open(t.Context(), url+"?index=bolt://"+strings.TrimPrefix(url, "file://")+"/.sb/index.bolt")
	if !errors.Is(err, core.ErrUnavailable) || !strings.Contains(err.Error(), "in use") {
		t.Errorf("named by URL: err = %v", err)
	}
	open(t, url+"?index=none")
}

func TestAnIndexFileThatCanNotBeMadeIsNoOtherProcess(t *testing.T) {
	t.Parallel()
	url := simple.FileURL(t.TempDir())
	_, err := simple.Open(t.Context(), url+"?index=bolt:///dev/null/index.bolt")
	if !errors.Is(err, core.ErrUnavailable) || strings.Contains(err.Error(), "in use") {
		t.Errorf("err = %v", err)
	}
}
