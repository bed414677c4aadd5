package services

import (
	"sync"
	"testing"
)

// shared makes a server once for all tests of the process and remembers why
// there is none.
type shared[T any] struct {
	name string
	make func() (T, error)

	once  sync.Once
	value T
	err   error
}

// get returns the server; without one it ends the test.
func (s *shared[T]) get(t testing.TB) T {
	t.Helper()
	s.once.Do(func() { s.value, s.err = s.make() })
	if s.err != nil {
		unavailable(t, s.name, s.err)
	}
	return s.value
}
