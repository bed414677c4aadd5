package main

import (
	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/ports"
)

// encrypt puts a key of this program before a store.
func encrypt(inner ports.ObjectStore) (ports.ObjectStore, error) {
	keyring, err := encryption.FromKey([]byte("streamer's key is no secret here"))
	if err != nil {
		return nil, err
	}
	return encryption.Store(inner, keyring, encryption.Options{})
}
