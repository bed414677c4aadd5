package minio

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/minio/minio-go/v7"

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
	listing := f.list(nil)
	page, err := io.ReadAll(listing.Body)
	check(b, err)
	check(b, listing.Body.Close())
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

// BenchmarkAgainstRaw compares a kibibyte with the same calls of the client
// library, on a server that takes no time.
func BenchmarkAgainstRaw(b *testing.B) {
	f := newFake()
	s := unprobed(b, f)
	data := make([]byte, 1024)
	etag := f.store("k.json", data, "")
	f.before = func(req *http.Request) (*http.Response, error) {
		header := http.Header{"Etag": {quoted(etag)}, "Last-Modified": {"Fri, 02 Jan 2026 03:04:05 GMT"}}
		if req.Method == http.MethodPut {
			return reply(http.StatusOK, header, ""), nil
		}
		header.Set("Content-Length", "1024")
		return reply(http.StatusOK, header, string(data)), nil
	}
	run := func(name string, call func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				check(b, call())
				f.requests = f.requests[:0]
			}
		})
	}
	run("put/raw", func() error {
		var opts sdk.PutObjectOptions
		opts.SetMatchETagExcept("*")
		_, err := s.core.Client.PutObject(b.Context(), s.name, "k.json", bytes.NewReader(data), 1024, opts)
		return err
	})
	run("put/store", func() error {
		_, err := s.Put(b.Context(), "k.json", data, ports.IfAbsent)
		return err
	})
	run("get/raw", func() error {
		object, err := s.core.Client.GetObject(b.Context(), s.name, "k.json", sdk.GetObjectOptions{})
		if err == nil {
			_, err = io.ReadAll(object)
		}
		return err
	})
	run("get/core", func() error {
		body, _, _, err := s.core.GetObject(b.Context(), s.name, "k.json", sdk.GetObjectOptions{})
		if err == nil {
			_, err = io.ReadAll(body)
		}
		return err
	})
	run("get/store", func() error {
		_, err := s.Get(b.Context(), "k.json", ports.GetOptions{})
		return err
	})
}
