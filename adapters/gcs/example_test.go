package gcs_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"cloud.google.com/go/storage"

	"github.com/smarterbase/smarterbase/adapters/gcs"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func Example() {
	ctx := context.Background()
	store, err := gcs.Open(ctx, gcs.Config{Bucket: "my-bucket", Prefix: "app"})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()

	// Of two writers who saw the same version, the second is told.
	version, err := store.Put(ctx, "users/42.json", []byte(`{"name":"Ada"}`), ports.IfAbsent)
	if err != nil {
		log.Fatal(err)
	}
	_, err = store.Put(ctx, "users/42.json", []byte(`{"name":"Ada L."}`), ports.IfVersion(version))
	fmt.Println("first:", err)
	_, err = store.Put(ctx, "users/42.json", []byte(`{"name":"A. Lovelace"}`), ports.IfVersion(version))
	fmt.Println("second:", errors.Is(err, ports.ErrPrecondition))
}

// A client that the program made for other purposes, too, stays its own.
func ExampleNew() {
	ctx := context.Background()
	client, err := storage.NewClient(ctx, storage.WithJSONReads())
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = client.Close() }()

	store, err := gcs.New(ctx, client, gcs.Options{Bucket: "my-bucket"})
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	fmt.Println(store.Capabilities().Name)
}

// Importing the package registers the scheme "gs".
func ExampleOpen_url() {
	store, err := urls.OpenStore(context.Background(), "gs://my-bucket/app")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.(*gcs.Store).Close() }()
}
