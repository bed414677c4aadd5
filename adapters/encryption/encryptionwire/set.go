package encryptionwire

import (
	"github.com/google/wire"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/ports"
)

// Inner is the store whose objects are encrypted.
type Inner struct{ ports.ObjectStore }

// Keys is what encryption.FromText reads.
type Keys string

// Set provides *encryption.Keyring and ports.ObjectStore from Inner, Keys and
// encryption.Options.
var Set = wire.NewSet(Keyring, Store)

// StoreSet provides ports.ObjectStore from Inner, an *encryption.Keyring of the
// program's own, and encryption.Options.
var StoreSet = wire.NewSet(Store)

// Keyring is encryption.FromText.
func Keyring(keys Keys) (*encryption.Keyring, error) { return encryption.FromText(string(keys)) }

// Store is encryption.Store.
func Store(inner Inner, keyring *encryption.Keyring, opts encryption.Options) (ports.ObjectStore, error) {
	return encryption.Store(inner.ObjectStore, keyring, opts)
}
