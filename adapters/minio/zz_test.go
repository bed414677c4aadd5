package minio

import (
	"fmt"
	"os"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func TestZZRaw(t *testing.T) {
	ep := os.Getenv("ZZ_EP")
	if ep == "" {
		t.Skip()
	}
	s, err := Open(t.Context(), Config{Bucket: "bkt", Endpoint: ep, AccessKey: os.Getenv("ZZ_K"), SecretKey: "SECRET12"})
	if err != nil {
		t.Fatal(err)
	}
	for _, after := range []string{"", "users/00000.json", "users/", "users/01500.json", "users-a/00100.json", "users", "users-b", ".", "users/.", "users/..", "users/../x", "users//x", "/", "users/./"} {
		for _, limit := range []int{1, 3, 10, 100, 1000, 1500, 0} {
			for _, prefix := range []string{"", "user"} {
				want := 0
				for _, f := range []string{"users-a/%05d.json", "users/%05d.json"} {
					for i := range 2200 {
						k := fmt.Sprintf(f, i)
						if k > after && (limit == 0 || want < limit) {
							want++
						}
					}
				}
				got := 0
				for _, err := range s.List(t.Context(), ports.ListOptions{StartAfter: after, Prefix: prefix, Limit: limit}) {
					if err != nil {
						t.Errorf("%q %v", after, err)
						break
					}
					got++
					if limit == 0 && after == "" && prefix == "" && got == 3300 && os.Getenv("ZZ_PAUSE") != "" {
						os.WriteFile("/tmp/breaker/pause", nil, 0o600)
						for {
							if _, err := os.Stat("/tmp/breaker/pause"); err != nil {
								break
							}
						}
					}
				}
				if got != want {
					t.Errorf("prefix %q after %q limit %d: %d want %d", prefix, after, limit, got, want)
				}
			}
		}
	}
}
