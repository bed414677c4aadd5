package s3

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func TestZZList(t *testing.T) {
	ep := os.Getenv("ZZ_EP")
	if ep == "" {
		t.Skip()
	}
	s, err := Open(t.Context(), Config{Bucket: "bkt", Endpoint: ep, AccessKey: os.Getenv("ZZ_K"), SecretKey: "SECRET12"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", s.Facts())
	for info := range s.List(t.Context(), ports.ListOptions{}) {
		_ = s.Delete(t.Context(), info.Key, ports.Any)
	}
	r := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "b", "/", "/", ".", "+", "%2F", "%", "&", "<", "é", "\U0001F642", " ", "\"", "'", "~", "\u2028", "\ufffe", "!", "=", "#", "?", "*", ";", ":"}
	gen := func() string {
		var b strings.Builder
		for range 1 + r.IntN(6) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		return b.String()
	}
	var keys []string
	for len(keys) < 250 {
		k := gen() + ".json"
		if ports.ValidateKey(k) != nil || mayNest(k) {
			continue
		}
		if _, err := s.Put(t.Context(), k, []byte(k), ports.Any); err != nil {
			t.Logf("put %q: %v", k, err)
			continue
		}
		keys = append(keys, k)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	bound := func() string {
		switch r.IntN(4) {
		case 0:
			return ""
		case 1:
			k := keys[r.IntN(len(keys))]
			return k[:r.IntN(len(k)+1)]
		case 2:
			k := keys[r.IntN(len(keys))]
			return k[:r.IntN(len(k)+1)] + []string{"\x01", "\xff", "/", "\x80", "+", "%"}[r.IntN(6)]
		}
		return gen()
	}
	bad := 0
	for range 6000 {
		o := ports.ListOptions{Prefix: bound(), StartAfter: bound(), EndBefore: bound(), Limit: []int{0, 0, 1, 3, 50}[r.IntN(5)]}
		var want []string
		for _, k := range keys {
			if strings.HasPrefix(k, o.Prefix) && k > o.StartAfter && (o.EndBefore == "" || k < o.EndBefore) && (o.Limit == 0 || len(want) < o.Limit) {
				want = append(want, k)
			}
		}
		got, err := listAll(t.Context(), s, o)
		if err != nil && strings.Contains(err.Error(), "XMinioInvalidResourceName") { continue }
		if err != nil || !slices.Equal(got, want) {
			if bad++; bad < 12 {
				for i := range min(len(got), len(want)) {
					if got[i] != want[i] {
						t.Logf("at %d got %+q want %+q", i, got[i], want[i])
						break
					}
				}
				t.Errorf("%+v: got %+q want %+q, %v", o, got, want, err)
			}
		}
	}
	return
	errs, err := s.DeleteBatch(t.Context(), keys)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range errs {
		if e != nil {
			t.Errorf("batch %q: %v", keys[i], e)
		}
	}
	left, err := listAll(t.Context(), s, ports.ListOptions{})
	if len(left) > 0 || err != nil {
		t.Errorf("left %q %v", left, err)
	}
	for _, k := range left {
		_ = s.Delete(t.Context(), k, ports.Any)
	}
}
