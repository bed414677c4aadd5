package memorywire

import (
	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// Set provides *memory.Store, *memory.Index, ports.ObjectStore and ports.Index.
var Set = wire.NewSet(
	Store, wire.Bind(new(ports.ObjectStore), new(*memory.Store)),
	Index, wire.Bind(new(ports.Index), new(*memory.Index)),
)

// Store makes an empty store.
func Store() *memory.Store { return memory.NewStore(memory.StoreOptions{}) }

// Index makes an empty index.
func Index() *memory.Index { return memory.NewIndex(memory.IndexOptions{}) }
