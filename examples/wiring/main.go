// Command wiring puts databases together with google/wire: wire.go says of
// what, wire_gen.go is what `go tool wire` made of it. The constructors are
// plain functions, which can be called by hand just as well.
//
//	go run ./wiring -data ./data
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/adapters/bolt/boltwire"
	"github.com/smarterbase/smarterbase/adapters/encryption/encryptionwire"
	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/adapters/fs/fswire"
	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/core"
)

//go:generate go tool wire

// inner says which store the encryption is around.
func inner(store *s3.Store) encryptionwire.Inner { return encryptionwire.Inner{ObjectStore: store} }

func main() {
	data := flag.String("data", "./data", "folder of the database")
	flag.Parse()
	if err := run(context.Background(), *data, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "wiring:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, data string, out io.Writer) error {
	db, cleanUp, err := onFiles(ctx, fswire.Root(data), fs.Options{},
		boltwire.Path(filepath.Join(data, fs.MetadataDir, "index.bolt")), bolt.Options{}, core.Settings{})
	if err != nil {
		return err
	}
	defer cleanUp()
	starts, err := count(ctx, db)
	if err == nil {
		fmt.Fprintf(out, "This is start number %d on %s.\n", starts, data)
	}
	return err
}

// starts is the one document of this program.
type starts struct {
	N int `json:"n"`
}

// count counts the starts of the program.
func count(ctx context.Context, db *core.DB) (int, error) {
	programs, err := core.NewCollection[starts](ctx, db, "programs")
	if err != nil {
		return 0, err
	}
	if _, err := programs.Create(ctx, "wiring", starts{N: 1}); err == nil {
		return 1, nil
	}
	doc, err := programs.Update(ctx, "wiring", func(s *starts) error { s.N++; return nil })
	return doc.Value.N, err
}
