package services

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSlowFailuresAreRememberedForMinutes(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	v := verdicts{file: filepath.Join(t.TempDir(), "folder", "file"), now: func() time.Time { return now }}
	runs := 0
	fail := func(cost time.Duration) error {
		return v.remember("x", func() error { runs++; now = now.Add(cost); return errors.New("no registry") })
	}
	expect := func(what string, err error, want int) {
		t.Helper()
		if runs != want || err == nil || !strings.Contains(err.Error(), "no registry") {
			t.Errorf("%s: %d runs, want %d: %v", what, runs, want, err)
		}
	}
	expect("fast", fail(0), 1)
	expect("fast again", fail(time.Minute), 2)
	expect("slow again", fail(time.Minute), 2)
	now = now.Add(verdictAge + time.Second)
	expect("old", fail(time.Minute), 3)
	if err := v.remember("y", func() error { return nil }); err != nil {
		t.Errorf("another name: %v", err)
	}
	if err := os.WriteFile(v.file, []byte("no json"), 0o600); err != nil {
		t.Fatal(err)
	}
	expect("a broken file", fail(time.Minute), 4)
}
