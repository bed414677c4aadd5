package gcs

import (
	"io"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/smarterbase/smarterbase/ports"
)

// BenchmarkAgainstClient compares with the client as it comes, on the server of
// the tests. Its share of the time is in both.
func BenchmarkAgainstClient(b *testing.B) {
	srv := newServer(b)
	store := open(b, srv)
	base := newBase()
	client, err := storage.NewClient(b.Context(), option.WithoutAuthentication(),
		option.WithEndpoint(srv.URL+"/storage/v1/"), option.WithHTTPClient(clientOf(base)))
	check(b, err)
	b.Cleanup(link{client, base}.close)
	object := client.Bucket(bucketName).Object("k.json")
	data := pattern(1024)
	for name, do := range map[string]func() error{
		"put": func() error { _, err := store.Put(b.Context(), "k.json", data, ports.Any); return err },
		"put, client": func() error {
			w := object.NewWriter(b.Context())
			_, _ = w.Write(data)
			return w.Close()
		},
		"get": func() error { _, err := store.Get(b.Context(), "k.json", ports.GetOptions{}); return err },
		"get, client": func() error {
			r, err := object.NewReader(b.Context())
			if err != nil {
				return err
			}
			_, _ = io.ReadAll(r)
			return r.Close()
		},
		"stat":         func() error { _, err := store.Stat(b.Context(), "k.json"); return err },
		"stat, client": func() error { _, err := object.Attrs(b.Context()); return err },
	} {
		check(b, func() error { _, err := store.Put(b.Context(), "k.json", data, ports.Any); return err }())
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				check(b, do())
			}
		})
	}
}
