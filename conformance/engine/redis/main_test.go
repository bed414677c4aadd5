package redis_test

import (
	"context"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/conformance/services"
)

func TestMain(m *testing.M) {
	goredis.SetLogger(silence{}) // it writes each failed dial to standard error
	services.Main(m)
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
