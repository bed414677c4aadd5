package s3wire

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/s3"
	"github.com/smarterbase/smarterbase/ports"
)

// Set provides *s3.Store and ports.ObjectStore from a context and s3.Config.
var Set = wire.NewSet(Open, wire.Bind(new(ports.ObjectStore), new(*s3.Store)))

// Open is s3.Open with the clean-up that closes the store.
func Open(ctx context.Context, config s3.Config) (*s3.Store, func(), error) {
	store, err := s3.Open(ctx, config)
	if err != nil {
		return nil, nil, err
	}
	return store, func() { _ = store.Close() }, nil // nobody is left to tell
}
