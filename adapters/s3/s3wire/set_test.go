package s3wire_test

import (
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/adapters/s3/s3wire"
	"github.com/smarterbase/smarterbase/ports"
)

func TestTheCleanUpClosesTheStore(t *testing.T) {
	t.Parallel()
	store, cleanUp, err := s3wire.Open(t.Context(), s3.Config{Bucket: "b", Region: "us-east-1", Endpoint: "http://127.0.0.1:1", AccessKey: "a", SecretKey: "s", SkipProbe: true})
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
	if _, cleanUp, err := s3wire.Open(t.Context(), s3.Config{}); !errors.Is(err, ports.ErrInvalidKey) || cleanUp != nil {
		t.Errorf("without a bucket: %v", err)
	}
}
