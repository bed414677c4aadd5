package minio

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// BenchmarkListPage is what a client pays for a page of 1,000 objects, most of
// it for the XML decoder of the SDK.
func BenchmarkListPage(b *testing.B) {
	f := newFake()
	for i := range maxPage {
		f.store(fmt.Sprintf("users/%024d.json", i), nil, "")
	}
	s := unprobed(b, f)
	page, err := io.ReadAll(f.list(nil).Body)
	check(b, err)
	f.before = func(*http.Request) (*http.Response, error) { return reply(http.StatusOK, nil, string(page)), nil }
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range s.List(b.Context(), ports.ListOptions{Prefix: "users/"}) {
			check(b, err)
			n++
		}
		if n != maxPage {
			b.Fatalf("%d objects", n)
		}
	}
}

// BenchmarkNames is the part of it that names take.
func BenchmarkNames(b *testing.B) {
	name := "users/" + strings.Repeat("0", 24) + ".json"
	b.ReportAllocs()
	for b.Loop() {
		if key, ok := decode(name); !ok || key != name {
			b.Fatal(key)
		}
	}
}
