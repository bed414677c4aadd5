package encryptionwire_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/encryption/encryptionwire"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

func TestTheStoreIsEncrypted(t *testing.T) {
	t.Parallel()
	keyring, err := encryptionwire.Keyring(encryptionwire.Keys(strings.Repeat("0f", 32)))
	if err != nil {
		t.Fatal(err)
	}
	below := memory.NewStore(memory.StoreOptions{})
	store, err := encryptionwire.Store(encryptionwire.Inner{ObjectStore: below}, keyring, encryption.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Put(t.Context(), "a.json", []byte("plain"), ports.IfAbsent); err != nil {
		t.Fatal(err)
	}
	object, err := below.Get(t.Context(), "a.json", ports.GetOptions{})
	if err != nil || strings.Contains(string(object.Data), "plain") {
		t.Errorf("stored as %q, %v", object.Data, err)
	}
}

func TestBadKeysAreAnError(t *testing.T) {
	t.Parallel()
	if _, err := encryptionwire.Keyring("short"); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("a short key: %v", err)
	}
}
