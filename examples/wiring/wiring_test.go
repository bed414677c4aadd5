package main

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/encryption/encryptionwire"
	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/core"
)

func TestMain(m *testing.M) { services.Main(m) }

func TestTheGeneratedCodeIsFresh(t *testing.T) {
	t.Parallel()
	if said, err := exec.CommandContext(t.Context(), "go", "tool", "wire", "diff", ".").CombinedOutput(); err != nil {
		t.Errorf("run go generate: %v: %s", err, said)
	}
}

// twice counts the starts of two programs after each other.
func twice(t *testing.T, open func() (*core.DB, func(), error), want int) {
	t.Helper()
	got := 0
	for range 2 {
		db, cleanUp, err := open()
		if err != nil {
			t.Fatal(err)
		}
		if got, err = count(t.Context(), db); err != nil {
			t.Error(err)
		}
		cleanUp()
	}
	if got != want {
		t.Errorf("the second start is number %d, want %d", got, want)
	}
}

func TestInMemoryEachStartIsTheFirst(t *testing.T) {
	t.Parallel()
	twice(t, func() (*core.DB, func(), error) { return inMemory(t.Context(), core.Settings{}) }, 1)
}

func TestOnFilesStartsAreCounted(t *testing.T) {
	t.Parallel()
	data, out := t.TempDir(), new(strings.Builder)
	for range 2 {
		if err := run(t.Context(), data, out); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(out.String(), "start number 2") {
		t.Errorf("the program says %q", out)
	}
}

func TestOnServersStartsAreCounted(t *testing.T) {
	t.Parallel()
	server, index := services.S3(t), services.Redis(t)
	config, err := redis.ParseURL(index.URL)
	if err != nil {
		t.Fatal(err)
	}
	at := s3.Config{
		Bucket: server.NewBucket(t), Endpoint: server.Endpoint, Region: server.Region,
		AccessKey: server.AccessKey, SecretKey: server.SecretKey,
	}
	keys := encryptionwire.Keys(strings.Repeat("0f", 32))
	twice(t, func() (*core.DB, func(), error) {
		return onServers(t.Context(), at, keys, encryption.Options{}, config, core.Settings{})
	}, 2)
}
