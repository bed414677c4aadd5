package simple_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/simple"
)

// counting counts the documents of a collection that are read.
func counting(collection string, reads *atomic.Int64) simple.Option {
	var options core.Options
	options.Observer.StoreCall = func(ctx context.Context, info ports.StoreCallInfo) (context.Context, func(ports.StoreCallResult)) {
		if info.Method == "get" && strings.HasPrefix(info.Key, collection+"/") {
			reads.Add(1)
		}
		return ctx, nil
	}
	return simple.WithCore(options)
}

func TestReopenFindsDataAndIndexWithoutReadingDocuments(t *testing.T) {
	t.Parallel()
	url := simple.FileURL(t.TempDir()) + "?sync=none"
	first := open(t, url)
	users := collect[User](t, first)
	for i := range 100 {
		create(t, users, User{ID: fmt.Sprint(i), Age: i % 50})
	}
	if err := users.Core().WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}

	var reads atomic.Int64
	users = collect[User](t, open(t, url, counting("users", &reads)))
	if err := users.Core().WaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := reads.Load(); n != 0 {
		t.Errorf("%d documents were read by opening", n)
	}
	found, err := users.Find(t.Context(), simple.Gte("age", 48))
	if err != nil || len(found) != 4 {
		t.Errorf("found %v, err %v", found, err)
	}
	if n := reads.Load(); n != 4 {
		t.Errorf("%d documents were read to find 4", n)
	}
}
