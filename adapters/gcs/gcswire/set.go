package gcswire

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/gcs"
	"github.com/smarterbase/smarterbase/ports"
)

// Set provides *gcs.Store and ports.ObjectStore from a context and gcs.Config.
var Set = wire.NewSet(Open, wire.Bind(new(ports.ObjectStore), new(*gcs.Store)))

// Open is gcs.Open with the clean-up that closes the store.
func Open(ctx context.Context, config gcs.Config) (*gcs.Store, func(), error) {
	store, err := gcs.Open(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	return store, func() { _ = store.Close() }, nil // nobody is left to tell
}
