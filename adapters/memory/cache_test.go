package memory_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

func keep(t *testing.T, c *memory.Cache, name string, data []byte, ttl time.Duration) {
	t.Helper()
	if err := c.Store(t.Context(), name, data, ttl); err != nil {
		t.Fatal(err)
	}
}

func has(t *testing.T, c *memory.Cache, name string) bool {
	t.Helper()
	_, err := c.Load(t.Context(), name)
	if err != nil && !errors.Is(err, ports.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

func TestCacheDropsWhatWasNotUsedForLongest(t *testing.T) {
	t.Parallel()
	c := memory.NewCache(memory.CacheOptions{MaxBytes: 10_000})
	for i := range 8 {
		keep(t, c, fmt.Sprint(i), make([]byte, 1_000), 0)
	}
	if !has(t, c, "0") {
		t.Fatal("dropped before the bound was reached")
	}
	keep(t, c, "8", make([]byte, 1_000), 0)
	if !has(t, c, "0") || has(t, c, "1") || !has(t, c, "8") {
		t.Error("not the one that was not used for longest was dropped")
	}
}

func TestAnEntryTooLargeLeavesNoOldOne(t *testing.T) {
	t.Parallel()
	c := memory.NewCache(memory.CacheOptions{MaxBytes: 1_000})
	keep(t, c, "a", []byte("old"), 0)
	keep(t, c, "a", make([]byte, 2_000), 0)
	if has(t, c, "a") {
		t.Error("an outdated entry is left")
	}
	keep(t, c, "b", nil, 0)
	if !has(t, c, "b") {
		t.Error("the bound counts what was dropped")
	}
}

func TestCacheEntriesExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := memory.NewCache(memory.CacheOptions{})
		keep(t, c, "short", nil, time.Second)
		keep(t, c, "long", nil, math.MaxInt64)
		keep(t, c, "ever", nil, 0)
		if !has(t, c, "short") || !has(t, c, "long") {
			t.Error("expired at once")
		}
		if err := ports.SystemClock().Sleep(t.Context(), time.Second); err != nil {
			t.Fatal(err)
		}
		if has(t, c, "short") || !has(t, c, "long") || !has(t, c, "ever") {
			t.Error("the wrong ones expired")
		}
		if err := c.Store(t.Context(), "a", nil, -1); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("negative ttl: err = %v", err)
		}
	})
}
