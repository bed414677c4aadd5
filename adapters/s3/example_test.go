package s3_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/ports"
)

// A server that overwrites what should only be created can't be used.
func ExampleOpen() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("ETag", `"0123456789abcdef0123456789abcdef"`)
	}))
	defer server.Close()
	_, err := s3.Open(context.Background(), s3.Config{
		Bucket: "photos", Endpoint: server.URL, AccessKey: "key", SecretKey: "secret",
	})
	fmt.Println(errors.Is(err, ports.ErrUnsupported))
	fmt.Println(err)
	// Output:
	// true
	// open: unsupported: the server is not safe to use: it overwrites an object that should only be created: "photos"
}

// Facts that one process found out spare another one the probe.
func ExampleStore_Facts() {
	known := s3.Facts{ConditionalDelete: true, ConditionalUpload: true, Nesting: s3.NestingRefused}
	store, err := s3.Open(context.Background(), s3.Config{
		Bucket: "photos", Endpoint: "http://127.0.0.1:9000", AccessKey: "key", SecretKey: "secret",
		SkipProbe: true, Facts: known,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	fmt.Println(store.Facts() == known, store.Capabilities().NestedKeys)
	// Output: true false
}
