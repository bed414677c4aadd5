package bolt_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
)

// A clean close keeps the entries and the identity that vouches for them.
func ExampleOpen() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	path := filepath.Join(folder, "data", "index.bolt")

	var regime ports.Regime
	for _, member := range []string{"Oslo/u2", "Bern/u1"} {
		index, err := bolt.Open(ctx, path, bolt.Options{})
		if err != nil {
			panic(err)
		}
		identity, err := index.Identity(ctx)
		if err != nil {
			panic(err)
		}
		if identity == regime.Identity {
			fmt.Println("as it was left")
		} else {
			fmt.Println("new: to be filled")
			regime = ports.Regime{Epoch: "1", Identity: identity}
			if err := index.Install(ctx, "users", regime); err != nil {
				panic(err)
			}
		}
		if err := index.Begin(ctx, "users", regime, []ports.Entry{{Set: "city", Member: []byte(member)}}); err != nil {
			panic(err)
		}
		page, err := index.Query(ctx, "users", regime, ports.EntryRange{Set: "city"})
		fmt.Printf("%s %v\n", page.Members, err)
		if err := index.Close(); err != nil {
			panic(err)
		}
	}
	// Output:
	// new: to be filled
	// [Oslo/u2] <nil>
	// as it was left
	// [Bern/u1 Oslo/u2] <nil>
}

// Counters survive what an index does not.
func ExampleIndex_Counter() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	index, err := bolt.Open(ctx, filepath.Join(folder, "index.bolt"), bolt.Options{})
	if err != nil {
		panic(err)
	}
	defer func() { _ = index.Close() }()

	for range 3 {
		if _, err := index.Counter().Add(ctx, "visits", 2); err != nil {
			panic(err)
		}
	}
	fmt.Println(index.Counter().Value(ctx, "visits"))
	// Output:
	// 6 <nil>
}
