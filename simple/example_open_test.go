package simple_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

// The ten lines that it takes: open, make a collection, store, find.
func Example() {
	ctx := context.Background()
	db, err := simple.Open(ctx, "mem://") // or "file://./data"
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()
	users, err := simple.NewCollection[User](ctx, db)
	if err != nil {
		panic(err)
	}
	if _, err := users.Create(ctx, User{Name: "Ada", Age: 36}); err != nil {
		panic(err)
	}
	adults, err := users.Find(ctx, simple.Gte("age", 21))
	fmt.Println(len(adults), adults[0].Name, err)
	// Output: 1 Ada <nil>
}

// A folder of files is there again at the next start.
func ExampleOpen() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	for range 2 {
		db, err := simple.Open(ctx, simple.FileURL(folder))
		if err != nil {
			panic(err)
		}
		users, err := simple.NewCollection[User](ctx, db)
		if err != nil {
			panic(err)
		}
		_, err = users.Create(ctx, User{ID: "ada", Name: "Ada"})
		fmt.Println(errors.Is(err, core.ErrExists))
		if err := db.Close(); err != nil {
			panic(err)
		}
	}
	// Output:
	// false
	// true
}

// A scheme whose adapter is not imported says what to import.
func ExampleOpen_otherScheme() {
	_, err := simple.Open(context.Background(), "s3://bucket")
	fmt.Println(errors.Is(err, core.ErrUnsupported))
	_, line, _ := strings.Cut(err.Error(), "add the line ")
	line, _, _ = strings.Cut(line, " (")
	fmt.Println(line)
	// Output:
	// true
	// import _ "github.com/smarterbase/smarterbase/adapters/s3"
}

func ExampleFileURL() {
	fmt.Println(simple.FileURL("data"))
	fmt.Println(simple.FileURL("/srv/my data"))
	// Output:
	// file://./data
	// file:///srv/my%20data
}
