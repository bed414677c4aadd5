package services

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// The names of the services, as they stand in messages and in
// SB_REQUIRE_SERVICES.
const (
	nameS3      = "s3"
	nameMinIO   = "minio"
	nameGCS     = "gcs"
	nameRedis   = "redis"
	nameCluster = "redis-cluster"
)

// unavailable skips the test, or fails it where the environment requires the
// service. `make test` looks for the text of the message.
func unavailable(t testing.TB, name string, why error) {
	t.Helper()
	text := strings.Join(strings.Fields(why.Error()), " ") // one line
	if required(os.Getenv("SB_REQUIRE_SERVICES"), name) {
		t.Fatalf("service not available: %s: %s (SB_REQUIRE_SERVICES requires it)", name, text)
	}
	t.Skipf("service not available: %s: %s", name, text)
}

// required reads SB_REQUIRE_SERVICES: "all", or a comma-separated list.
func required(value, name string) bool {
	names := strings.Split(strings.ReplaceAll(value, " ", ""), ",")
	return slices.Contains(names, "all") || slices.Contains(names, name)
}
