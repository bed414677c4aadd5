package encryption_test

import (
	"bytes"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/streamingaead"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// key returns a raw key made of one byte.
func key(b byte) []byte { return bytes.Repeat([]byte{b}, encryption.KeySize) }

func keyring(t testing.TB, primary []byte, older ...[]byte) *encryption.Keyring {
	t.Helper()
	k, err := encryption.FromKey(primary, older...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func encrypted(t testing.TB, inner ports.ObjectStore, k *encryption.Keyring, opts encryption.Options) ports.ObjectStore {
	t.Helper()
	s, err := encryption.Store(inner, k, opts)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// newKEK returns a key encryption key, as a client of a KMS is one.
func newKEK(t testing.TB) tink.AEAD {
	t.Helper()
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	kek, err := aead.New(handle)
	if err != nil {
		t.Fatal(err)
	}
	return kek
}

func handles(t testing.TB) (documents, streams *keyset.Handle) {
	t.Helper()
	documents, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	if streams, err = keyset.NewHandle(streamingaead.AES256GCMHKDF4KBKeyTemplate()); err != nil {
		t.Fatal(err)
	}
	return documents, streams
}

// layers is a way to put stores on top of a memory store.
type layers func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore

func harness(opts memory.StoreOptions, over layers) conformance.StoreHarness {
	var inside sync.Map
	wrap := func(t testing.TB, inner *memory.Store) ports.ObjectStore {
		t.Helper()
		outer := over(t, inner)
		inside.Store(outer, inner)
		return outer
	}
	innerOf := func(outer ports.ObjectStore) *memory.Store {
		inner, _ := inside.Load(outer)
		return inner.(*memory.Store)
	}
	second := func(t testing.TB, first ports.ObjectStore) ports.ObjectStore {
		t.Helper()
		return wrap(t, innerOf(first).Client())
	}
	return conformance.StoreHarness{
		New: func(t testing.TB) ports.ObjectStore {
			t.Helper()
			return wrap(t, memory.NewStore(opts))
		},
		Second: second,
		Reopen: func(t testing.TB, open ports.ObjectStore) ports.ObjectStore {
			t.Helper()
			if err := innerOf(open).Close(); err != nil {
				t.Error(err)
			}
			return second(t, open)
		},
		PageSize: 256,
	}
}

// plainly encrypts with one key and strict options.
func plainly(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
	t.Helper()
	return encrypted(t, inner, keyring(t, key(1)), encryption.Options{})
}

func below(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
	t.Helper()
	s, err := prefix.Store(inner, "tenants/7")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheContractHoldsOverEveryKindOfStore(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]memory.StoreOptions{
		"all":                   {},
		"hash versions":         {HashVersions: true},
		"no conditional delete": {NoConditionalDelete: true},
		"no nested keys":        {NoNestedKeys: true},
		"late writes":           {LateWrites: true},
		"small objects":         {MaxObjectSize: 8 << 20},
		"an uneven limit":       {MaxObjectSize: 8<<20 - 4000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, harness(opts, plainly))
		})
	}
}

func TestTheContractHoldsInEveryArrangement(t *testing.T) {
	t.Parallel()
	kek := newKEK(t)
	documents, streams := handles(t)
	for name, over := range map[string]layers{
		"below a prefix": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore { return below(t, plainly(t, inner)) },
		"above a prefix": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore { return plainly(t, below(t, inner)) },
		"behind faults": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
			return faults.Store(plainly(t, inner), faults.New(faults.Options{}))
		},
		"over faults": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
			return plainly(t, faults.Store(inner, faults.New(faults.Options{})))
		},
		"twice": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
			return encrypted(t, plainly(t, inner), keyring(t, key(2)), encryption.Options{})
		},
		"reading plaintext": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
			return encrypted(t, inner, keyring(t, key(1)), encryption.Options{ReadPlaintext: true})
		},
		"reading plaintext, exact lists": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
			return encrypted(t, inner, keyring(t, key(1)), encryption.Options{ReadPlaintext: true, ExactListSizes: true})
		},
		"a keyring in the store": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
			k, err := encryption.OpenKeyring(t.Context(), inner, kek, encryption.KeyringOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return encrypted(t, inner, k, encryption.Options{})
		},
		"keysets of Tink": func(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
			k, err := encryption.FromHandles(documents, streams)
			if err != nil {
				t.Fatal(err)
			}
			return encrypted(t, inner, k, encryption.Options{})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, harness(memory.StoreOptions{}, over))
		})
	}
}
