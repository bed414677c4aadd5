package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

func ExampleBlobs() {
	db, done := openDB()
	defer done()
	ctx, blobs := context.Background(), db.Blobs()

	put, err := blobs.Put(ctx, "letters/ann.txt", strings.NewReader("Dear Ann"), ports.IfAbsent)
	fmt.Println(put.Name, put.Size, err)

	_, err = blobs.Put(ctx, "letters/ann.txt", strings.NewReader("Hello"), ports.IfAbsent)
	fmt.Println("already there:", errors.Is(err, core.ErrExists))

	// A range of it.
	reader, err := blobs.Get(ctx, "letters/ann.txt", ports.GetOptions{Range: ports.Range{Offset: 5}})
	if err != nil {
		panic(err)
	}
	text, err := io.ReadAll(reader)
	fmt.Println(string(text), err, reader.Close())

	// Only if it has changed since.
	_, err = blobs.Get(ctx, "letters/ann.txt", ports.GetOptions{IfNoneMatch: put.Version})
	fmt.Println("not modified:", errors.Is(err, core.ErrNotModified))

	for blob, err := range blobs.List(ctx, "letters/") {
		fmt.Println(blob.Name, blob.Size, err)
	}
	fmt.Println(blobs.Delete(ctx, "letters/ann.txt", ports.IfVersion(put.Version)))
	// Output:
	// letters/ann.txt 8 <nil>
	// already there: true
	// Ann <nil> <nil>
	// not modified: true
	// letters/ann.txt 8 <nil>
	// <nil>
}
