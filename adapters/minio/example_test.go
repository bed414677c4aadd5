package minio_test

import (
	"context"
	"fmt"
	"os"

	sdk "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func ExampleOpen() {
	ctx := context.Background()
	store, err := minio.Open(ctx, minio.Config{
		Endpoint:  "127.0.0.1:9000",
		Bucket:    "data",
		Prefix:    "tenants/7",
		AccessKey: os.Getenv("MINIO_ACCESS_KEY"),
		SecretKey: os.Getenv("MINIO_SECRET_KEY"),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	version, err := store.Put(ctx, "users/42.json", []byte(`{"name":"Ada"}`), ports.IfAbsent)
	fmt.Println(version, err)
}

func ExampleNew() {
	ctx := context.Background()
	client, err := sdk.New("minio.example.com", &sdk.Options{
		Creds:      credentials.NewIAM(""),
		Secure:     true,
		Region:     "eu-west-1",
		MaxRetries: 1, // or New refuses the client
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	store, err := minio.New(ctx, client, minio.Options{Bucket: "data"})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }() // the client stays open
	for info, err := range store.List(ctx, ports.ListOptions{Prefix: "users/"}) {
		fmt.Println(info.Key, err)
	}
}

// The import of this package registers the scheme.
func Example_url() {
	store, err := urls.OpenStore(context.Background(), "minio://127.0.0.1:9000/data/tenants/7")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(store.Capabilities().Name)
}
