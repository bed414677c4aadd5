package encryption_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

func ExampleStore() {
	ctx := context.Background()
	inner := memory.NewStore(memory.StoreOptions{}) // or a bucket, or a folder

	key, err := encryption.KeyFromText("s5pLTJmNZ3sUX0Cdk9nkM7FHBHrdFQzEKJ4PTsWCfOg=")
	if err != nil {
		log.Fatal(err)
	}
	keys, err := encryption.FromKey(key)
	if err != nil {
		log.Fatal(err)
	}
	store, err := encryption.Store(inner, keys, encryption.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := store.Put(ctx, "users/ada.json", []byte(`{"name":"Ada"}`), ports.IfAbsent); err != nil {
		log.Fatal(err)
	}

	read, err := store.Get(ctx, "users/ada.json", ports.GetOptions{})
	fmt.Println(string(read.Data), err)

	stored, err := inner.Get(ctx, "users/ada.json", ports.GetOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("in the clear:", bytes.Contains(stored.Data, []byte("Ada")))

	// Whoever can write to the bucket can't pass one object off as another.
	if _, err := inner.Put(ctx, "users/grace.json", stored.Data, ports.Any); err != nil {
		log.Fatal(err)
	}
	_, err = store.Get(ctx, "users/grace.json", ports.GetOptions{})
	fmt.Println("moved:", errors.Is(err, ports.ErrCorrupt))
	// Output:
	// {"name":"Ada"} <nil>
	// in the clear: false
	// moved: true
}

// The first key is the primary. To rotate, a new one is put in front.
func ExampleFromText() {
	keys, err := encryption.FromText("vkKHP3JE0wqX3qNnTQ2TQJBqgDKxnV7YFiBoWzW5WJk=, s5pLTJmNZ3sUX0Cdk9nkM7FHBHrdFQzEKJ4PTsWCfOg=")
	if err != nil {
		log.Fatal(err)
	}
	for _, key := range keys.Keys() {
		fmt.Println(key.ID, key.Primary)
	}
	// Output:
	// e89d3be9 true
	// de3a3c28 false
}

// The keys lie beside the objects, sealed by a key that never leaves the KMS.
func ExampleOpenKeyring() {
	ctx := context.Background()
	inner := memory.NewStore(memory.StoreOptions{})

	// A client of a KMS implements tink.AEAD, too.
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		log.Fatal(err)
	}
	kek, err := aead.New(handle)
	if err != nil {
		log.Fatal(err)
	}

	keys, err := encryption.OpenKeyring(ctx, inner, kek, encryption.KeyringOptions{})
	if err != nil {
		log.Fatal(err)
	}
	store, err := encryption.Store(inner, keys, encryption.Options{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := store.Put(ctx, "users/ada.json", []byte(`{"name":"Ada"}`), ports.IfAbsent); err != nil {
		log.Fatal(err)
	}

	// A new key for what is written from now on, and then for everything.
	old := keys.Primary()
	if _, err := keys.Rotate(ctx); err != nil {
		log.Fatal(err)
	}
	report, err := encryption.Reencrypt(ctx, inner, keys, encryption.ReencryptOptions{})
	fmt.Println("rewritten:", report.Rewritten, err)

	// The old one is taken away in two steps, of which the first can be undone.
	// The second, keys.Destroy(ctx, old, inner), waits until nothing can be under
	// way any more that was written with it: for 2 minutes, or 16 over a network.
	fmt.Println(keys.Disable(ctx, old))
	read, err := store.Get(ctx, "users/ada.json", ports.GetOptions{})
	fmt.Println(string(read.Data), err)
	// Output:
	// rewritten: 1 <nil>
	// <nil>
	// {"name":"Ada"} <nil>
}

// Objects that were there before encryption are read where that is allowed,
// and encrypted while the database is in use.
func ExampleReencrypt() {
	ctx := context.Background()
	inner := memory.NewStore(memory.StoreOptions{})
	for i := range 1000 {
		if _, err := inner.Put(ctx, fmt.Sprintf("users/%03d.json", i), []byte(`{"name":"Ada"}`), ports.IfAbsent); err != nil {
			log.Fatal(err)
		}
	}
	keys, err := encryption.FromText("s5pLTJmNZ3sUX0Cdk9nkM7FHBHrdFQzEKJ4PTsWCfOg=")
	if err != nil {
		log.Fatal(err)
	}
	store, err := encryption.Store(inner, keys, encryption.Options{ReadPlaintext: true})
	if err != nil {
		log.Fatal(err)
	}
	read, err := store.Get(ctx, "users/042.json", ports.GetOptions{})
	fmt.Println(string(read.Data), err)

	report, err := encryption.Reencrypt(ctx, inner, keys, encryption.ReencryptOptions{Plaintext: true})
	fmt.Println(report.Rewritten, "of", report.Looked, "up to", report.Last, err)
	// Output:
	// {"name":"Ada"} <nil>
	// 1000 of 1000 up to users/999.json <nil>
}
