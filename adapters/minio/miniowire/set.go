package miniowire

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/minio"
	"github.com/smarterbase/smarterbase/ports"
)

// Set provides *minio.Store and ports.ObjectStore from a context and minio.Config.
var Set = wire.NewSet(Open, wire.Bind(new(ports.ObjectStore), new(*minio.Store)))

// Open is minio.Open with the clean-up that closes the store.
func Open(ctx context.Context, config minio.Config) (*minio.Store, func(), error) {
	store, err := minio.Open(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	return store, func() { _ = store.Close() }, nil // nobody is left to tell
}
