package redis

import (
	"context"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestMain(m *testing.M) {
	goredis.SetLogger(silence{}) // it writes each failed dial to standard error
	conformance.Main(m)
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
