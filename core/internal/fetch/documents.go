package fetch

import (
	"context"
	"errors"
	"iter"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/retry"
	"github.com/smarterbase/smarterbase/ports"
)

// Item is one document of a collection as it was read.
type Item struct {
	ID      string
	Body    []byte
	Err     error // ports.ErrNotFound if it vanished since it was listed
	Listing bool  // Err is a failure of the listing itself, which ended there
	Stray   bool  // an object that is named neither as a document nor as anything else
}

// Documents reads every document under a folder, in the order of their keys.
func Documents(ctx context.Context, registers *cas.Registers, folder string, workers int) iter.Seq[Item] {
	list := func(ctx context.Context) iter.Seq[Item] { return List(ctx, registers, folder) }
	return Ordered(ctx, workers, list, func(ctx context.Context, item Item) Item {
		if item.Err != nil {
			return item
		}
		object, err := registers.Get(ctx, layout.DocumentKey(folder, item.ID))
		item.Body, item.Err = object.Data, err
		return item
	})
}

// List yields the ids of the documents directly under a folder, in the order
// of their keys. A listing that breaks off goes on behind its last key; if that
// fails again and again, the failure comes as the last item.
func List(ctx context.Context, registers *cas.Registers, folder string) iter.Seq[Item] {
	return func(yield func(Item) bool) {
		options := ports.ListOptions{Prefix: folder, KeysOnly: true}
		for attempt := 1; ; attempt++ {
			before := options.StartAfter
			left, err := listOnce(ctx, registers.Objects, folder, &options, yield)
			if left || err == nil {
				return
			}
			if options.StartAfter != before {
				attempt = 1 // it got on
			}
			again := retry.Again(ctx, err) && !registers.Retry.Exhausted(attempt, err)
			if !again || registers.Retry.Wait(ctx, "list", folder, attempt, err) != nil {
				yield(Item{Err: err, Listing: true})
				return
			}
		}
	}
}

// listOnce lists from options.StartAfter on, and moves it to the last key that
// was seen. left is true if the reader has enough.
func listOnce(ctx context.Context, objects ports.ObjectStore, folder string, options *ports.ListOptions, yield func(Item) bool) (left bool, err error) {
	for info, err := range objects.List(ctx, *options) {
		if err != nil {
			return false, err
		}
		options.StartAfter = info.Key
		if item, ok := itemOf(folder, info.Key); ok && !yield(item) {
			return true, nil
		}
	}
	return false, nil
}

// itemOf tells documents from what else lies under their folder: nested
// collections and foreign files are none of ours, but a JSON file whose name
// can't be an id is reported rather than passed over.
func itemOf(folder, key string) (Item, bool) {
	if id, ok := layout.DocumentID(folder, key); ok {
		return Item{ID: id}, true
	}
	if name := key[len(folder):]; layout.IsStray(name) {
		err := ports.Fail("list", key, ports.ErrCorrupt, errStray)
		return Item{ID: name, Err: err, Stray: true}, true
	}
	return Item{}, false
}

var errStray = errors.New("the object lies among documents, but its name is not an escaped id")
