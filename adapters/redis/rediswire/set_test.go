package rediswire_test

import (
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/adapters/redis/rediswire"
	"github.com/smarterbase/smarterbase/ports"
)

func TestWhatDoesNotAnswerIsAnError(t *testing.T) {
	t.Parallel()
	_, cleanUp, err := rediswire.Dial(t.Context(), redis.Config{Addrs: []string{"127.0.0.1:1"}})
	if !errors.Is(err, ports.ErrUnavailable) || cleanUp != nil {
		t.Errorf("nobody is there: %v", err)
	}
}
