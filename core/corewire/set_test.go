package corewire_test

import (
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/core/corewire"
)

func TestTheCleanUpClosesTheDatabase(t *testing.T) {
	t.Parallel()
	store, index := memory.NewStore(memory.StoreOptions{}), memory.NewIndex(memory.IndexOptions{})
	db, cleanUp, err := corewire.Open(t.Context(), store, index, core.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Put(t.Context(), "configs/app", map[string]int{"a": 1}); err != nil {
		t.Fatal(err)
	}
	cleanUp()
	if _, err := db.Put(t.Context(), "configs/app", map[string]int{"a": 2}); !errors.Is(err, core.ErrClosed) {
		t.Errorf("after the clean-up: %v", err)
	}
}

func TestWhatCannotBeOpenedIsAnError(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(memory.StoreOptions{})
	if _, cleanUp, err := corewire.Open(t.Context(), store, nil, core.Settings{Concurrency: -1}); !errors.Is(err, core.ErrInvalid) || cleanUp != nil {
		t.Errorf("a negative concurrency: %v", err)
	}
}
