//go:build unix && !aix && !solaris

package fs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func Example() {
	ctx := context.Background()
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(root) }()

	store, err := fs.Open(ctx, root, fs.Options{})
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

	// An object is a plain file.
	data, err := os.ReadFile(filepath.Join(root, "users", "42.json"))
	fmt.Println(string(data), err)
	// Output:
	// first: <nil>
	// second: true
	// {"name":"Ada L."} <nil>
}

// Importing the package registers the scheme "file".
func ExampleOpen_url() {
	root, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(root) }()

	store, err := urls.OpenStore(context.Background(), "file://"+root+"?sync=none")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = store.(*fs.Store).Close() }()
	fmt.Println(store.Capabilities().Name)
	// Output: file
}
