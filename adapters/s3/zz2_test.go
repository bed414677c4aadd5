package s3

import (
	"fmt"
	"os"
	"testing"
	"sync"

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
	for info := range s.List(t.Context(), ports.ListOptions{}) {
		_ = s.Delete(t.Context(), info.Key, ports.Any)
	}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < 2200; i += 4 {
				if _, err := s.Put(t.Context(), fmt.Sprintf("users-a/%05d.json", i), nil, ports.Any); err != nil {
					t.Error(err)
				}
				if _, err := s.Put(t.Context(), fmt.Sprintf("users/%05d.json", i), nil, ports.Any); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, after := range []string{"users/00000.json", "users/", "users/01500.json", "users-a/00100.json", "users", "users-b"} {
		for _, limit := range []int{1, 2, 3, 5, 8, 9, 10, 11, 20, 100, 500, 999, 1000, 1500, 0} {
			bad := func(prefix string) {
				want := 0
				for _, f := range []string{"users-a/%05d.json", "users/%05d.json"} {
					for i := range 2200 {
						k := fmt.Sprintf(f, i)
						if k > after && (limit == 0 || want < limit) {
							want++
						}
					}
				}
				got, err := listAll(t.Context(), s, ports.ListOptions{StartAfter: after, Prefix: prefix, Limit: limit})
				if len(got) != want || err != nil {
					t.Errorf("prefix %q after %q limit %d: %d want %d %v", prefix, after, limit, len(got), want, err)
				}
			}
			bad("")
			bad("user")
		}
	}
}
