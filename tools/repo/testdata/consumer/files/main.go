// A program that uses the object store on files without the database.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/ports"
)

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, folder string) error {
	store, err := fs.Open(ctx, folder, fs.Options{})
	if err != nil {
		return err
	}
	defer store.Close()
	first, err := store.Put(ctx, "notes/a.json", []byte(`{"n":1}`), ports.IfAbsent)
	if err != nil {
		return err
	}
	if _, err := store.Put(ctx, "notes/a.json", []byte(`{"n":2}`), ports.IfVersion(first)); err != nil {
		return err
	}
	if _, err := store.Put(ctx, "notes/a.json", []byte(`{"n":3}`), ports.IfVersion(first)); !errors.Is(err, ports.ErrPrecondition) {
		return fmt.Errorf("a write on an old version answered %v", err)
	}
	for info, err := range store.List(ctx, ports.ListOptions{Prefix: "notes/"}) {
		if err != nil {
			return err
		}
		object, err := store.Get(ctx, info.Key, ports.GetOptions{})
		if err != nil {
			return err
		}
		fmt.Printf("%s: %s\n", info.Key, object.Data)
	}
	return nil
}
