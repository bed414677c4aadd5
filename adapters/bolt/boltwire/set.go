package boltwire

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
)

// Path is the file of the index.
type Path string

// Set provides *bolt.Index and ports.Index from a context, a Path and
// bolt.Options.
var Set = wire.NewSet(Open, wire.Bind(new(ports.Index), new(*bolt.Index)))

// Open is bolt.Open with the clean-up that closes the index.
func Open(ctx context.Context, path Path, opts bolt.Options) (*bolt.Index, func(), error) {
	index, err := bolt.Open(ctx, string(path), opts)
	if err != nil {
		return nil, nil, err
	}
	return index, func() { _ = index.Close() }, nil // nobody is left to tell
}
