package fswire_test

import (
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/fs/fswire"
	"github.com/smarterbase/smarterbase/ports"
)

func TestTheCleanUpClosesTheStore(t *testing.T) {
	t.Parallel()
	store, cleanUp, err := fswire.Open(t.Context(), fswire.Root(t.TempDir()), fs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), "a.json", []byte("{}"), ports.IfAbsent); err != nil {
		t.Fatal(err)
	}
	cleanUp()
	if _, err := store.Stat(t.Context(), "a.json"); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("after the clean-up: %v", err)
	}
}

func TestWhatCannotBeOpenedIsAnError(t *testing.T) {
	t.Parallel()
	if _, cleanUp, err := fswire.Open(t.Context(), "", fs.Options{}); !errors.Is(err, ports.ErrInvalidKey) || cleanUp != nil {
		t.Errorf("an empty root: %v", err)
	}
}
