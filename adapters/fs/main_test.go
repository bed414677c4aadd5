//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// roleVariable makes the test binary act as another process of a test.
const roleVariable = "SMARTERBASE_FS_TEST_ROLE"

func TestMain(m *testing.M) {
	if name := os.Getenv(roleVariable); name != "" {
		os.Exit(runRole(name, os.Args[1:]))
	}
	os.Exit(m.Run())
}

// register is a map that is safe for concurrent use.
type register[K comparable, V any] struct {
	mu sync.Mutex
	m  map[K]V
}

func newRegister[K comparable, V any]() *register[K, V] { return &register[K, V]{m: map[K]V{}} }

func (r *register[K, V]) set(k K, v V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.m[k] = v
}

func (r *register[K, V]) get(k K) V {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.m[k]
}

// newStore opens a store on a fresh root and closes it at the end.
func newStore(t testing.TB, opts Options) (*Store, string) {
	t.Helper()
	root := t.TempDir()
	return openStore(t, root, opts), root
}

func openStore(t testing.TB, root string, opts Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), root, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t testing.TB, s ports.ObjectStore) {
	t.Helper()
	if c, ok := ports.As[io.Closer](s); ok {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t testing.TB, err, want error, what string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s answers %v, want %v", what, err, want)
	}
}
