package corewire

import (
	"context"

	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// Set provides *core.DB from a context, a ports.ObjectStore, a ports.Index and
// core.Settings. Sets of adapters provide store and index.
var Set = wire.NewSet(Open)

// OptionsSet provides *core.DB from a context, a ports.ObjectStore and
// core.Options: for a database without index, or with its own clock, codec or
// observer.
var OptionsSet = wire.NewSet(OpenOptions)

// Open opens a database with an index.
func Open(ctx context.Context, store ports.ObjectStore, index ports.Index, settings core.Settings) (*core.DB, func(), error) {
	return OpenOptions(ctx, store, core.Options{Settings: settings, Components: core.Components{Index: index}})
}

// OpenOptions is core.Open with the clean-up that closes the database, and
// runs before those of store and index.
func OpenOptions(ctx context.Context, store ports.ObjectStore, options core.Options) (*core.DB, func(), error) {
	db, err := core.Open(ctx, store, options)
	if err != nil {
		return nil, nil, err
	}
	return db, func() { _ = db.Close() }, nil // nobody is left to tell
}
