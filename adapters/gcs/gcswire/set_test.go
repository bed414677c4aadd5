package gcswire_test

import (
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/gcs"
	"github.com/smarterbase/smarterbase/adapters/gcs/gcswire"
	"github.com/smarterbase/smarterbase/ports"
)

func TestTheCleanUpClosesTheStore(t *testing.T) {
	t.Parallel()
	store, cleanUp, err := gcswire.Open(t.Context(), gcs.Config{Bucket: "b", Endpoint: "http://127.0.0.1:1", SkipProbe: true})
	if err != nil {
		t.Fatal(err)
	}
	cleanUp()
	if _, err := store.Stat(t.Context(), "a.json"); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("after the clean-up: %v", err)
	}
}

func TestWhatCannotBeOpenedIsAnError(t *testing.T) {
	t.Parallel()
	if _, cleanUp, err := gcswire.Open(t.Context(), gcs.Config{}); !errors.Is(err, ports.ErrInvalidKey) || cleanUp != nil {
		t.Errorf("without a bucket: %v", err)
	}
}
