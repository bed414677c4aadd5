package encryption_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// wantNoPlaintext stores object in the place of a whole one and checks that
// every way of reading it fails, and that what a stream gave before it failed
// is the beginning of what was written.
func wantNoPlaintext(t *testing.T, inner, s ports.ObjectStore, name string, object, written []byte, what string) {
	t.Helper()
	put(t, inner, name, object)
	if o, err := s.Get(t.Context(), name, ports.GetOptions{}); !errors.Is(err, ports.ErrCorrupt) || len(o.Data) > 0 {
		t.Errorf("%s: get answers %d bytes, %v", what, len(o.Data), err)
	}
	_, body, err := s.(ports.Streamer).GetStream(t.Context(), name, ports.GetOptions{})
	if err != nil {
		if !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("%s: get stream answers %v", what, err)
		}
		return
	}
	data, err := io.ReadAll(body)
	if !errors.Is(err, ports.ErrCorrupt) {
		t.Errorf("%s: reading the stream answers %d bytes, %v", what, len(data), err)
	}
	if !bytes.HasPrefix(written, data) {
		t.Errorf("%s: the stream gave %d bytes that were not written", what, len(data))
	}
	if n, again := body.Read(make([]byte, 10)); n > 0 || !errors.Is(again, ports.ErrCorrupt) {
		t.Errorf("%s: after its failure the stream gives %d bytes, %v", what, n, again)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

// segment returns the bytes of a stored segment.
func segment(object []byte, i int) []byte {
	from, to := 16+4096*i, min(16+4096*(i+1), len(object))
	if i == 0 {
		from = 56
	}
	return object[from:to]
}

func TestWhatWasChangedIsCorruptAndNeverPlaintext(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 500, 65536, 65537, 100_000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			inner := memory.NewStore(memory.StoreOptions{})
			s := plainly(t, inner)
			written := random(n)
			put(t, s, "k", written)
			object := get(t, inner, "k").Data
			for name, changed := range attacks(t, inner, s, object, written) {
				wantNoPlaintext(t, inner, s, "k", changed, written, name)
			}
			put(t, inner, "k", object)
			if got := get(t, s, "k").Data; !bytes.Equal(got, written) {
				t.Error("the object itself is not read any more")
			}
		})
	}
}

func attacks(t *testing.T, inner, s ports.ObjectStore, object, written []byte) map[string][]byte {
	t.Helper()
	changed := map[string][]byte{
		"nothing":        nil,
		"a byte more":    append(slices.Clone(object), 0),
		"a segment more": append(slices.Clone(object), make([]byte, 4096)...),
		"twice":          append(slices.Clone(object), object...),
		"the plaintext":  written,
	}
	for at := range object {
		if at < 200 || at > len(object)-50 || at%997 == 0 || (at-16)%4096 < 2 {
			flipped := slices.Clone(object)
			flipped[at] ^= 1 << (at % 8)
			changed[fmt.Sprintf("bit of byte %d", at)] = flipped
		}
	}
	for cut := range len(object) {
		if cut < 100 || cut > len(object)-20 || (cut-16)%4096 < 2 {
			changed[fmt.Sprintf("cut to %d", cut)] = object[:cut]
		}
	}
	other := bytes.Repeat([]byte("x"), len(written))
	put(t, s, "other", other)
	moved := get(t, inner, "other").Data
	changed["moved from another name"] = moved
	changed["the header of another object"] = append(slices.Clone(moved[:64]), object[64:]...)
	if len(object) > 64 {
		put(t, s, "k", other)
		changed["the header of an earlier state"] = append(slices.Clone(get(t, inner, "k").Data[:64]), object[64:]...)
	}
	if len(written) > 65536 {
		segmentAttacks(t, inner, s, object, changed)
	}
	return changed
}

func segmentAttacks(t *testing.T, inner, s ports.ObjectStore, object []byte, changed map[string][]byte) {
	t.Helper()
	last := (len(object) - 16 - 1) / 4096
	swapped := slices.Clone(object)
	copy(segment(swapped, 2), segment(object, 3))
	copy(segment(swapped, 3), segment(object, 2))
	changed["segments swapped"] = swapped
	repeated := slices.Clone(object)
	copy(segment(repeated, 2), segment(object, 3))
	changed["a segment repeated"] = repeated
	changed["a segment left out"] = slices.Concat(object[:16+4096], object[16+2*4096:])
	changed["the first segment left out"] = slices.Concat(object[:56], object[16+4096:])
	changed["a segment put in"] = slices.Concat(object[:16+2*4096], segment(object, 1), object[16+2*4096:])
	changed["the last segment left out"] = object[:16+4096*last]
	long := random(65536 + 20*4080)
	put(t, s, "k", long)
	mixed := slices.Clone(object)
	copy(segment(mixed, 2), segment(get(t, inner, "k").Data, 2))
	changed["a segment of an earlier state"] = mixed
}

func TestAnotherKeyOrNameOpensNothing(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1000, 100_000} {
		inner := memory.NewStore(memory.StoreOptions{})
		put(t, plainly(t, inner), "k", random(n))
		for what, other := range map[string]*encryption.Keyring{"another key": keyring(t, key(2)), "other keys": keyring(t, key(3), key(4))} {
			s := encrypted(t, inner, other, encryption.Options{})
			if _, err := s.Get(t.Context(), "k", ports.GetOptions{}); !errors.Is(err, ports.ErrCorrupt) || !errors.Is(err, encryption.ErrNoKey) {
				t.Errorf("%s: get of %d bytes answers %v", what, n, err)
			}
			if _, _, err := getStream(t.Context(), s, "k", ports.Range{}); !errors.Is(err, ports.ErrCorrupt) {
				t.Errorf("%s: get stream of %d bytes answers %v", what, n, err)
			}
		}
		// The same id and another key, as an attacker would claim.
		object := get(t, inner, "k").Data
		other := encrypted(t, inner, keyring(t, key(2)), encryption.Options{})
		put(t, other, "k", random(n))
		copy(object[8:12], get(t, inner, "k").Data[8:12])
		wantNoPlaintext(t, inner, other, "k", object, nil, "a forged key id")
	}
}

func TestARangeThatWasChangedIsCorrupt(t *testing.T) {
	t.Parallel()
	inner := memory.NewStore(memory.StoreOptions{})
	s := plainly(t, inner)
	put(t, s, "k", random(300_000))
	object := get(t, inner, "k").Data
	for _, at := range []int64{0, 70_000, 200_000, 299_999} {
		i := 0
		if at >= 4040 {
			i = 1 + int(at-4040)/4080
		}
		changed := slices.Clone(object)
		segment(changed, i)[3] ^= 4
		put(t, inner, "k", changed)
		r := ports.Range{Offset: at, Length: 1}
		if _, err := s.Get(t.Context(), "k", ports.GetOptions{Range: r}); !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("byte %d: get answers %v", at, err)
		}
		if _, data, err := getStream(t.Context(), s, "k", r); !errors.Is(err, ports.ErrCorrupt) || len(data) > 0 {
			t.Errorf("byte %d: get stream answers %v, %v", at, data, err)
		}
		// Another segment is not its business.
		r.Offset = (at + 150_000) % 300_000
		if _, err := s.Get(t.Context(), "k", ports.GetOptions{Range: r}); err != nil {
			t.Errorf("byte %d: get of byte %d answers %v", at, r.Offset, err)
		}
	}
	// The end of an object that was cut between segments is not the end that
	// was written.
	put(t, inner, "k", object[:16+40*4096])
	if _, err := s.Get(t.Context(), "k", ports.GetOptions{Range: ports.Range{Offset: 39 * 4080}}); !errors.Is(err, ports.ErrCorrupt) {
		t.Errorf("to the end of a cut object: %v", err)
	}
}

func TestAStreamThatBreaksIsNoEnd(t *testing.T) {
	t.Parallel()
	cable := errors.New("the cable is cut")
	for _, n := range []int{1000, 300_000} {
		for _, at := range []int{0, 10, 60, 900, 4112, 16 + 4096*20, 16 + 4096*40} {
			for _, cause := range []error{cable, io.ErrUnexpectedEOF} {
				if at > n {
					continue
				}
				plan := faults.New(faults.Options{})
				s := plainly(t, faults.Store(memory.NewStore(memory.StoreOptions{}), plan))
				written := random(n)
				put(t, s, "k", written)
				plan.On(faults.Match{Method: faults.GetStream}).BreakAfter(at, cause)
				_, data, err := getStream(t.Context(), s, "k", ports.Range{})
				if !errors.Is(err, cause) || errors.Is(err, ports.ErrCorrupt) || !bytes.HasPrefix(written, data) {
					t.Errorf("broken off after %d of %d bytes: %d bytes, %v", at, n, len(data), err)
				}
			}
		}
	}
}

func TestPlaintextIsReadOnlyWhereThatIsAskedFor(t *testing.T) {
	t.Parallel()
	inner := memory.NewStore(memory.StoreOptions{})
	strict := plainly(t, inner)
	lax := encrypted(t, inner, keyring(t, key(1)), encryption.Options{ReadPlaintext: true})
	exact := encrypted(t, inner, keyring(t, key(1)), encryption.Options{ReadPlaintext: true, ExactListSizes: true})
	for _, n := range []int{0, 3, 64, 65, 1000, 65700, 200_000} {
		text := []byte(strings.Repeat(`{"a":1}`, n/7+1)[:n])
		put(t, inner, "k", text)
		if _, err := strict.Get(t.Context(), "k", ports.GetOptions{}); !errors.Is(err, encryption.ErrNotEncrypted) || !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("strict: get of %d bytes answers %v", n, err)
		}
		if _, _, err := getStream(t.Context(), strict, "k", ports.Range{}); !errors.Is(err, encryption.ErrNotEncrypted) {
			t.Errorf("strict: get stream of %d bytes answers %v", n, err)
		}
		if o := get(t, lax, "k"); !bytes.Equal(o.Data, text) || o.Size != int64(n) {
			t.Errorf("lax: get answers %d bytes, size %d, want %d", len(o.Data), o.Size, n)
		}
		if info, err := lax.Stat(t.Context(), "k"); err != nil || info.Size != int64(n) {
			t.Errorf("lax: stat of %d bytes answers %+v, %v", n, info, err)
		}
		for info, err := range exact.List(t.Context(), ports.ListOptions{}) {
			if err != nil || info.Size != int64(n) {
				t.Errorf("exact: list of %d bytes answers %+v, %v", n, info, err)
			}
		}
		for _, r := range []ports.Range{{Offset: 1}, {Offset: 1, Length: 3}, {Offset: 70_000, Length: 5}, {Offset: 150_000}} {
			from, to, ok := r.Within(int64(n))
			o, err := lax.Get(t.Context(), "k", ports.GetOptions{Range: r})
			_, data, streamErr := getStream(t.Context(), lax, "k", r)
			if !ok {
				from, to = 0, 0
			}
			if ok != (err == nil) || ok != (streamErr == nil) || !bytes.Equal(o.Data, text[from:to]) || !bytes.Equal(data, text[from:to]) {
				t.Errorf("lax: %v of %d bytes answers %d and %d bytes, %v, %v", r, n, len(o.Data), len(data), err, streamErr)
			}
		}
	}
	// What begins as an encrypted object does is never taken for plaintext.
	put(t, lax, "k", []byte("secret"))
	object := get(t, inner, "k").Data
	object[40] ^= 1
	wantNoPlaintext(t, inner, lax, "k", object, nil, "with plaintext allowed")
}
