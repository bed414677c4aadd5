package redis_test

import (
	"context"
	"flag"
	"testing"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/conformance/services"
)

func TestMain(m *testing.M) {
	goredis.SetLogger(silence{}) // it writes each failed dial to standard error
	// Most tests wait for a server, not for a processor. A -parallel of the
	// command line comes later and counts.
	_ = flag.Set("test.parallel", "8") // package testing has the flag
	services.Main(m)
}

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}
