package encryption_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func openKeyring(t testing.TB, store ports.ObjectStore, kek tink.AEAD, adopt ...[]byte) *encryption.Keyring {
	t.Helper()
	k, err := encryption.OpenKeyring(t.Context(), store, kek, encryption.KeyringOptions{Adopt: adopt, Clock: hasty{ports.SystemClock()}})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestAKeyIsReadFromText(t *testing.T) {
	t.Parallel()
	want := random(encryption.KeySize)
	for _, text := range []string{
		hex.EncodeToString(want), strings.ToUpper(hex.EncodeToString(want)),
		base64.StdEncoding.EncodeToString(want), base64.RawStdEncoding.EncodeToString(want),
		base64.URLEncoding.EncodeToString(want), base64.RawURLEncoding.EncodeToString(want),
		" " + base64.StdEncoding.EncodeToString(want) + "\n",
	} {
		if got, err := encryption.KeyFromText(text); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %x, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "secret password", strings.Repeat("x", 64), hex.EncodeToString(want[:31]), hex.EncodeToString(want) + "00",
		base64.StdEncoding.EncodeToString(want[:16]), base64.StdEncoding.EncodeToString(append(want, 1)),
	} {
		got, err := encryption.KeyFromText(text)
		if err == nil || got != nil {
			t.Errorf("%q is read as %x", text, got)
		}
		if text != "" && err != nil && strings.Contains(err.Error(), text) {
			t.Errorf("the error tells the text: %v", err)
		}
	}
}

func TestAKeyringOfTextBeginsWithThePrimary(t *testing.T) {
	t.Parallel()
	inner := memory.NewStore(memory.StoreOptions{})
	older, newer := base64.StdEncoding.EncodeToString(key(1)), hex.EncodeToString(key(2))
	for i, text := range []string{older, newer + ", " + older} {
		k, err := encryption.FromText(text)
		if err != nil {
			t.Fatal(err)
		}
		s := encrypted(t, inner, k, encryption.Options{})
		if put(t, s, text[:3], []byte("x")); i == 1 && string(get(t, s, older[:3]).Data) != "x" {
			t.Error("the older key is not used")
		}
		if infos := k.Keys(); len(infos) != i+1 || !infos[0].Primary || infos[0].ID != k.Primary() {
			t.Errorf("keys %+v, primary %s", infos, k.Primary())
		}
	}
	for _, text := range []string{"", older + ",", older + "," + older, "short", "," + older} {
		if _, err := encryption.FromText(text); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestBadKeysAreRefused(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string][]byte{"nil": nil, "short": make([]byte, 16), "long": make([]byte, 64), "zeros": make([]byte, 32)} {
		if _, err := encryption.FromKey(raw); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := encryption.FromHandles(nil, nil); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("no handles: %v", err)
	}
	documents, streams := handles(t)
	if _, err := encryption.FromHandles(documents, documents); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("documents for streams: %v", err)
	}
	if _, err := encryption.FromHandles(streams, streams); !errors.Is(err, ports.ErrInvalidKey) {
		t.Errorf("streams for documents: %v", err)
	}
}

func TestOfManyWhoMakeAKeyringAllGetTheSame(t *testing.T) {
	t.Parallel()
	for range 20 {
		inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
		var all sync.WaitGroup
		ids := make([]encryption.KeyID, 8)
		for i := range ids {
			all.Go(func() {
				k, err := encryption.OpenKeyring(t.Context(), inner.Client(), kek, encryption.KeyringOptions{})
				if err != nil {
					t.Error(err)
					return
				}
				ids[i] = k.Primary()
				s, err := encryption.Store(inner, k, encryption.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := s.Put(t.Context(), k.Primary().String(), nil, ports.Any); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if len(slices.Compact(ids)) != 1 {
			t.Errorf("the primaries are %v", ids)
		}
	}
}

func TestAKeyringSurvivesEveryFailure(t *testing.T) {
	t.Parallel()
	lost := map[string]func(*faults.Rule){
		"answer":  func(r *faults.Rule) { r.LoseAnswer() },
		"request": func(r *faults.Rule) { r.LoseRequest() },
		"retry":   func(r *faults.Rule) { r.Retry() },
	}
	for name, lose := range lost {
		for n := 1; ; n++ {
			inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
			plan := faults.New(faults.Options{})
			rule := plan.On(faults.Match{Nth: n})
			lose(rule)
			faulty := faults.Store(inner, plan)
			k, err := encryption.OpenKeyring(t.Context(), faulty, kek, encryption.KeyringOptions{})
			if err == nil {
				_, err = k.Rotate(t.Context())
			}
			if err != nil && !errors.Is(err, ports.ErrUnavailable) && !errors.Is(err, ports.ErrUnknown) {
				t.Errorf("%s %d lost: %v", name, n, err)
			}
			again := openKeyring(t, inner, kek)
			if err == nil && (k.Primary() != again.Primary() || len(again.Keys()) != 2) {
				t.Errorf("%s %d lost: the primary is %s, stored is %s of %d", name, n, k.Primary(), again.Primary(), len(again.Keys()))
			}
			if rule.Hits() == 0 {
				break
			}
		}
	}
}

func TestOtherProcessesFindANewKey(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	one, two := openKeyring(t, inner, kek), openKeyring(t, inner, kek)
	first, second := encrypted(t, inner, one, encryption.Options{}), encrypted(t, inner, two, encryption.Options{})
	put(t, first, "old", []byte("old"))
	id, err := one.Rotate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if one.Primary() != id || two.Primary() == id {
		t.Errorf("primaries %s and %s after rotation to %s", one.Primary(), two.Primary(), id)
	}
	put(t, first, "new", []byte("new"))
	put(t, second, "late", []byte("late")) // under the old key
	for _, s := range []ports.ObjectStore{first, second} {
		for _, name := range []string{"old", "new", "late"} {
			if got := get(t, s, name).Data; string(got) != name {
				t.Errorf("%s is read as %q", name, got)
			}
		}
	}
	if two.Primary() != id {
		t.Error("the second process did not read the keyring again")
	}
	if got := get(t, encrypted(t, inner, openKeyring(t, inner, kek), encryption.Options{}), "new").Data; string(got) != "new" {
		t.Errorf("a third process reads %q", got)
	}
}

func TestRotationsAtOnceAreAllKept(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	openKeyring(t, inner, kek)
	const hands = 4
	var all sync.WaitGroup
	for range hands {
		all.Go(func() {
			k, err := encryption.OpenKeyring(t.Context(), inner, kek, encryption.KeyringOptions{})
			if err == nil {
				_, err = k.Rotate(t.Context())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := len(openKeyring(t, inner, kek).Keys()); n != hands+1 {
		t.Errorf("%d keys after %d rotations", n, hands)
	}
}

func TestAKeyIsDisabledBeforeItIsDestroyed(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	k := openKeyring(t, inner, kek)
	s := encrypted(t, inner, k, encryption.Options{})
	old := k.Primary()
	put(t, s, "k", []byte("x"))
	ctx := t.Context()
	want := func(err, kind error, what string) {
		t.Helper()
		if !errors.Is(err, kind) {
			t.Errorf("%s: %v, want %v", what, err, kind)
		}
	}
	read := func() error {
		_, err := s.Get(ctx, "k", ports.GetOptions{})
		return err
	}
	want(k.Disable(ctx, old), ports.ErrPrecondition, "disabling the primary")
	if _, err := k.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	want(k.Destroy(ctx, old, memory.NewStore(memory.StoreOptions{})), ports.ErrPrecondition, "destroying a key that is enabled")
	want(k.Disable(ctx, old), nil, "disabling")
	want(read(), encryption.ErrNoKey, "reading under a disabled key")
	want(k.Destroy(ctx, old, inner), ports.ErrPrecondition, "destroying a key in use")
	want(k.Enable(ctx, old), nil, "enabling")
	want(read(), nil, "reading under an enabled key")
	if _, err := encryption.Reencrypt(ctx, inner, k, encryption.ReencryptOptions{}); err != nil {
		t.Fatal(err)
	}
	want(k.Disable(ctx, old), nil, "disabling again")
	want(k.Destroy(ctx, old, inner), nil, "destroying")
	want(k.Enable(ctx, old), ports.ErrNotFound, "enabling a key that was destroyed")
	want(read(), nil, "reading after all of that")
	if infos := openKeyring(t, inner, kek).Keys(); len(infos) != 1 || infos[0].ID == old || infos[0].Created.IsZero() {
		t.Errorf("the keys are %+v", infos)
	}
}

func TestOnlyTheRightKEKOpensAKeyring(t *testing.T) {
	t.Parallel()
	inner, kek, other := memory.NewStore(memory.StoreOptions{}), newKEK(t), newKEK(t)
	k := openKeyring(t, inner, kek)
	s := encrypted(t, inner, k, encryption.Options{})
	put(t, s, "k", []byte("x"))
	open := func(kek tink.AEAD, object string) error {
		_, err := encryption.OpenKeyring(t.Context(), inner, kek, encryption.KeyringOptions{Object: object})
		return err
	}
	if err := open(other, ""); !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("another kek: %v", err)
	}
	if err := k.Rewrap(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	if err := open(kek, ""); err == nil {
		t.Error("the old kek opens the keyring")
	}
	if got := get(t, encrypted(t, inner, openKeyring(t, inner, other), encryption.Options{}), "k").Data; string(got) != "x" {
		t.Errorf("after the change of the kek: %q", got)
	}
	object := get(t, inner, encryption.DefaultObject).Data
	put(t, inner, "elsewhere.json", object)
	if err := open(other, "elsewhere.json"); err == nil {
		t.Error("a keyring can be moved")
	}
	object[bytes.IndexByte(object, ':')+30] ^= 1
	put(t, inner, encryption.DefaultObject, object)
	if err := open(other, ""); err == nil {
		t.Error("a keyring can be changed")
	}
}

func TestALostKeyringIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	put(t, inner, "plaintext.json", []byte("{}"))
	put(t, encrypted(t, inner, keyring(t, key(1)), encryption.Options{}), "k", []byte("x"))
	if _, err := encryption.OpenKeyring(t.Context(), inner, kek, encryption.KeyringOptions{}); !errors.Is(err, ports.ErrNotFound) {
		t.Errorf("a keyring is made beside objects it can't decrypt: %v", err)
	}
	for range 2 {
		k := openKeyring(t, inner, kek, key(1))
		if got := get(t, encrypted(t, inner, k, encryption.Options{}), "k").Data; string(got) != "x" || len(k.Keys()) != 2 {
			t.Errorf("under an adopted key: %q, keys %+v", got, k.Keys())
		}
	}
	if k := openKeyring(t, inner, kek); len(k.Keys()) != 2 {
		t.Errorf("the adopted key is not kept: %+v", k.Keys())
	}
}

func TestTheKeyringCantBeReplacedThroughTheStore(t *testing.T) {
	t.Parallel()
	inner := memory.NewStore(memory.StoreOptions{})
	s := encrypted(t, inner, openKeyring(t, inner, newKEK(t)), encryption.Options{})
	const name = encryption.DefaultObject
	before := get(t, inner, name)
	ctx := t.Context()
	_, getErr := s.Get(ctx, name, ports.GetOptions{})
	_, statErr := s.Stat(ctx, name)
	_, putErr := s.Put(ctx, name, nil, ports.Any)
	_, streamErr := s.(ports.Streamer).PutStream(ctx, name, strings.NewReader(""), ports.Any)
	_, _, readErr := s.(ports.Streamer).GetStream(ctx, name, ports.GetOptions{})
	put(t, s, "_sb/keys/a", nil)
	put(t, s, "_sb/keys/z", nil)
	errs, err := s.(ports.BatchDeleter).DeleteBatch(ctx, []string{"_sb/keys/a", name, "absent"})
	if err != nil || errs[0] != nil || errs[2] != nil {
		t.Errorf("delete batch: %v, %v", errs, err)
	}
	for what, err := range map[string]error{
		"get": getErr, "stat": statErr, "put": putErr, "put stream": streamErr, "get stream": readErr,
		"delete": s.Delete(ctx, name, ports.Any), "delete batch": errs[1],
	} {
		if !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for limit := range 3 {
		for info, err := range s.List(ctx, ports.ListOptions{Limit: limit}) {
			if err != nil || info.Key != "_sb/keys/z" {
				t.Errorf("list with limit %d: %+v, %v", limit, info, err)
			}
		}
	}
	if after := get(t, inner, name); after.Version != before.Version {
		t.Error("the keyring was changed")
	}
}

// gone is a KMS that can be out of reach.
type gone struct {
	tink.AEAD
	err error
}

func (g *gone) Decrypt(ciphertext, associated []byte) ([]byte, error) {
	if g.err != nil {
		return nil, g.err
	}
	return g.AEAD.Decrypt(ciphertext, associated)
}

func TestAStoreGoesOnWithoutTheKMS(t *testing.T) {
	t.Parallel()
	inner, kek := memory.NewStore(memory.StoreOptions{}), newKEK(t)
	kms := &gone{AEAD: kek}
	s := encrypted(t, inner, openKeyring(t, inner, kms), encryption.Options{})
	put(t, s, "k", []byte("x"))
	kms.err = errors.New("no route to the KMS")
	if got := get(t, s, "k").Data; string(got) != "x" {
		t.Errorf("read %q", got)
	}
	other := openKeyring(t, inner, kek)
	if _, err := other.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	put(t, encrypted(t, inner, other, encryption.Options{}), "new", []byte("new"))
	if _, err := s.Get(t.Context(), "new", ports.GetOptions{}); !errors.Is(err, ports.ErrUnavailable) || errors.Is(err, ports.ErrCorrupt) {
		t.Errorf("an object under a key that can't be looked up answers %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Get(ctx, "new", ports.GetOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	kms.err = nil
	if got := get(t, s, "new").Data; string(got) != "new" {
		t.Errorf("once the KMS is back: %q", got)
	}
}

func TestKeysThatAreNotStoredCantBeChanged(t *testing.T) {
	t.Parallel()
	k := keyring(t, key(1))
	_, rotate := k.Rotate(t.Context())
	for what, err := range map[string]error{
		"rotate": rotate, "disable": k.Disable(t.Context(), 1), "enable": k.Enable(t.Context(), 1),
		"destroy": k.Destroy(t.Context(), 1, nil), "rewrap": k.Rewrap(t.Context(), newKEK(t)),
	} {
		if !errors.Is(err, ports.ErrUnsupported) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := k.Refresh(t.Context()); err != nil {
		t.Errorf("refresh: %v", err)
	}
}

func TestAKeyIDIsReadAsItIsWritten(t *testing.T) {
	t.Parallel()
	for _, id := range []encryption.KeyID{0, 1, 0xfedcba98, 1<<32 - 1} {
		if got, err := encryption.ParseKeyID(id.String()); err != nil || got != id {
			t.Errorf("%s is read as %s, %v", id, got, err)
		}
	}
	for _, text := range []string{"", "1", "123456789", "0x123456", "xyzxyzxy", "+1234567"} {
		if id, err := encryption.ParseKeyID(text); err == nil {
			t.Errorf("%q is read as %s", text, id)
		}
	}
}
