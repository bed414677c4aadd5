package core_test

import (
	"context"
	"errors"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

// forgetful does not honour the conditions of puts; with onlyMissing, only
// that of a version where there is no object.
type forgetful struct {
	ports.ObjectStore
	onlyMissing bool
}

func (s forgetful) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if s.onlyMissing {
		if _, versioned := cond.Version(); !versioned {
			return s.ObjectStore.Put(ctx, key, data, cond)
		}
		if _, err := s.Stat(ctx, key); !errors.Is(err, ports.ErrNotFound) {
			return s.ObjectStore.Put(ctx, key, data, cond)
		}
	}
	return s.ObjectStore.Put(ctx, key, data, ports.Any)
}

// blunt deletes whatever the condition.
type blunt struct{ ports.ObjectStore }

func (s blunt) Delete(ctx context.Context, key string, _ ports.Condition) error {
	return s.ObjectStore.Delete(ctx, key, ports.Any)
}

// frozen gives every state the same version.
type frozen struct{ ports.ObjectStore }

func (s frozen) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	object, err := s.ObjectStore.Get(ctx, key, opts)
	object.Version = "1"
	return object, err
}

func (s frozen) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if _, versioned := cond.Version(); versioned {
		cond = ports.Any
	}
	_, err := s.ObjectStore.Put(ctx, key, data, cond)
	return "1", err
}

// generous lets every one of several concurrent creates succeed, as a server
// does that checks and acts in two steps.
type generous struct {
	ports.ObjectStore
	mu sync.Mutex
}

func (s *generous) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cond.IsAbsent() && len(key) > 6 && key[len(key)-6:] == "b.json" {
		cond = ports.Any
	}
	return s.ObjectStore.Put(ctx, key, data, cond)
}
