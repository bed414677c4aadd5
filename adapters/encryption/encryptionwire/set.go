// Package encryptionwire provides an encrypted object store to programs that
// are put together by google/wire. It is a module of its own, so that nobody
// else has wire among the modules of a program.
//
// Wire knows one ports.ObjectStore, which is the encrypted one. So the store
// below has a type of its own, and its provider is taken without its set:
//
//	func inner(s *s3.Store) encryptionwire.Inner { return encryptionwire.Inner{ObjectStore: s} }
//
//	wire.Build(s3wire.Open, inner, encryptionwire.Set, …)
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
