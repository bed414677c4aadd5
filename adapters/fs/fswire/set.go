package fswire

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/fs"
	"github.com/smarterbase/smarterbase/ports"
)

// Root is the folder of the store.
type Root string

// Set provides *fs.Store and ports.ObjectStore from a context, a Root and
// fs.Options.
var Set = wire.NewSet(Open, wire.Bind(new(ports.ObjectStore), new(*fs.Store)))

// Open is fs.Open with the clean-up that closes the store.
func Open(ctx context.Context, root Root, opts fs.Options) (*fs.Store, func(), error) {
	store, err := fs.Open(ctx, string(root), opts)
	if err != nil {
		return nil, nil, err
	}
	return store, func() { _ = store.Close() }, nil // nobody is left to tell
}
