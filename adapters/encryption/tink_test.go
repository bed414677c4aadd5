package encryption_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	tinkpb "github.com/tink-crypto/tink-go/v2/proto/tink_go_proto"
	"github.com/tink-crypto/tink-go/v2/streamingaead"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// What is stored can be decrypted without this package: byte 12 is the length
// of the header, which is followed by a ciphertext of Tink.
func TestTinkAloneDecryptsWhatIsStored(t *testing.T) {
	t.Parallel()
	documents, streams := handles(t)
	k, err := encryption.FromHandles(documents, streams)
	if err != nil {
		t.Fatal(err)
	}
	inner := memory.NewStore(memory.StoreOptions{})
	s := encrypted(t, inner, k, encryption.Options{})
	document, err := aead.New(documents)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := streamingaead.New(streams)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range boundaries {
		want := random(n)
		put(t, s, "a/k.json", want)
		object := get(t, inner, "a/k.json").Data
		header, sealed := object[:object[12]], object[object[12]:]
		associated := append(bytes.Clone(header), "a/k.json"...)
		var got []byte
		if n <= 65536 {
			got, err = document.Decrypt(sealed, associated)
		} else {
			r, openErr := stream.NewDecryptingReader(bytes.NewReader(sealed), associated)
			if openErr != nil {
				t.Fatal(openErr)
			}
			got, err = io.ReadAll(r)
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%d bytes are read as %d, %v", n, len(got), err)
		}
	}
}

func TestEveryAEADWithAConstantOverheadWillDo(t *testing.T) {
	t.Parallel()
	_, streams := handles(t)
	for name, tt := range map[string]struct {
		template *tinkpb.KeyTemplate
		want     error
	}{
		"AES-128-GCM":        {aead.AES128GCMKeyTemplate(), nil},
		"AES-256-GCM":        {aead.AES256GCMKeyTemplate(), nil},
		"without a prefix":   {aead.AES256GCMNoPrefixKeyTemplate(), nil},
		"AES-256-GCM-SIV":    {aead.AES256GCMSIVKeyTemplate(), nil},
		"XAES-256-GCM":       {aead.XAES256GCM192BitNonceKeyTemplate(), nil},
		"ChaCha20-Poly1305":  {aead.ChaCha20Poly1305KeyTemplate(), nil},
		"XChaCha20-Poly1305": {aead.XChaCha20Poly1305KeyTemplate(), nil},
		"AES-CTR-HMAC":       {aead.AES256CTRHMACSHA256KeyTemplate(), ports.ErrInvalidKey},
	} {
		documents, err := keyset.NewHandle(tt.template)
		if err != nil {
			t.Fatal(err)
		}
		k, err := encryption.FromHandles(documents, streams)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		inner := memory.NewStore(memory.StoreOptions{})
		s := encrypted(t, inner, k, encryption.Options{})
		put(t, s, "k", []byte("0123456789"))
		if got := get(t, inner, "k").Size; got != 74 {
			t.Errorf("%s: an object of 10 bytes has %d", name, got)
		}
		if got := get(t, s, "k").Data; string(got) != "0123456789" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestKeysetsAreRotatedByTink(t *testing.T) {
	t.Parallel()
	inner := memory.NewStore(memory.StoreOptions{})
	documents, streams := handles(t)
	contents := map[string]string{"small": "small", "large": string(random(100_000))}
	for round := range 3 {
		k, err := encryption.FromHandles(documents, streams)
		if err != nil {
			t.Fatal(err)
		}
		s := encrypted(t, inner, k, encryption.Options{})
		if round == 0 {
			put(t, s, "small", []byte(contents["small"]))
			put(t, s, "large", []byte(contents["large"]))
		}
		report, err := encryption.Reencrypt(t.Context(), inner, k, encryption.ReencryptOptions{})
		if want := min(round, 1) * 2; err != nil || report.Rewritten != want {
			t.Errorf("round %d: %+v, %v", round, report, err)
		}
		wantContents(t, inner, contents, k, encryption.Options{})
		// The next round has a new key, and no more the one before the last.
		documents = rotated(t, documents, aead.XAES256GCM192BitNonceKeyTemplate())
		streams = rotated(t, streams, streamingaead.AES256GCMHKDF4KBKeyTemplate())
	}
}

func rotated(t *testing.T, handle *keyset.Handle, template *tinkpb.KeyTemplate) *keyset.Handle {
	t.Helper()
	primary, err := handle.Primary()
	if err != nil {
		t.Fatal(err)
	}
	manager := keyset.NewManagerFromHandle(handle)
	for _, info := range handle.KeysetInfo().GetKeyInfo() {
		if info.GetKeyId() != primary.KeyID() {
			if err := manager.Disable(info.GetKeyId()); err != nil {
				t.Fatal(err)
			}
		}
	}
	id, err := manager.Add(template)
	if err != nil {
		t.Fatal(err)
	}
	if err := manager.SetPrimary(id); err != nil {
		t.Fatal(err)
	}
	next, err := manager.Handle()
	if err != nil {
		t.Fatal(err)
	}
	return next
}
