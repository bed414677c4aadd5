package services

import (
	"errors"
	"fmt"
	"testing"
)

// verdictOf is a test that records how it was ended.
type verdictOf struct {
	testing.TB
	said string
}

func (v *verdictOf) Helper() {}
func (v *verdictOf) Skipf(format string, args ...any) {
	v.said = "skip: " + fmt.Sprintf(format, args...)
}
func (v *verdictOf) Fatalf(format string, args ...any) {
	v.said = "fail: " + fmt.Sprintf(format, args...)
	panic(v)
}

func endedBy(why error) (said string) {
	v := &verdictOf{}
	defer func() { _ = recover(); said = v.said }()
	unavailable(v, nameRedis, why)
	return ""
}

// `make test` looks for this text.
func TestMissingServiceSkipsOrFails(t *testing.T) {
	why := errors.New("no\n  program")
	for required, want := range map[string]string{
		"":                     "skip: service not available: redis: no program",
		"s3,gcs,redis-cluster": "skip: service not available: redis: no program",
		"all":                  "fail: service not available: redis: no program (SB_REQUIRE_SERVICES requires it)",
		"s3, redis":            "fail: service not available: redis: no program (SB_REQUIRE_SERVICES requires it)",
	} {
		t.Setenv("SB_REQUIRE_SERVICES", required)
		if got := endedBy(why); got != want {
			t.Errorf("SB_REQUIRE_SERVICES=%q: %q", required, got)
		}
	}
}

func TestSharedServerIsMadeOnce(t *testing.T) {
	t.Parallel()
	made := 0
	s := shared[int]{name: nameRedis, make: func() (int, error) { made++; return made, nil }}
	if s.get(t)+s.get(t) != 2 {
		t.Errorf("it was made %d times", made)
	}
}
