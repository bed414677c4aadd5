// A program that needs core and no adapter, such as one with a store of its
// own.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/smarterbase/smarterbase/core"
)

func main() {
	if _, err := core.Open(context.Background(), nil, core.Options{}); !errors.Is(err, core.ErrInvalid) {
		log.Fatalf("open without a store answered %v", err)
	}
	if id := core.NewID(); len(id) != 36 {
		log.Fatalf("not a UUID: %s", id)
	}
	fmt.Println("core alone")
}
