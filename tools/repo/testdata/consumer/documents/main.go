// A program that creates, updates and reads a document on files.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/core"
)

// Note is a document.
type Note struct {
	ID   string `json:"id" sb:"id"`
	Text string `json:"text"`
	Read int    `json:"read"`
}

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
	db, err := core.Open(ctx, store, core.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	notes, err := core.NewCollection[Note](ctx, db, "notes")
	if err != nil {
		return err
	}
	if _, err := notes.Create(ctx, "first", Note{Text: "hello"}); err != nil {
		return err
	}
	if _, err := notes.Create(ctx, "first", Note{}); !errors.Is(err, core.ErrExists) {
		return fmt.Errorf("a second create answered %v", err)
	}
	if _, err := notes.Update(ctx, "first", func(n *Note) error { n.Read++; return nil }); err != nil {
		return err
	}
	doc, err := notes.Get(ctx, "first")
	if err != nil {
		return err
	}
	if doc.Value != (Note{ID: "first", Text: "hello", Read: 1}) {
		return fmt.Errorf("read back %+v", doc.Value)
	}
	fmt.Printf("%s: %s, read %d time\n", doc.ID, doc.Value.Text, doc.Value.Read)
	return nil
}
