package conformance

import (
	"bytes"
	"fmt"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var putClauses = []Clause[StoreHarness]{
	{"OS-PUT-1", "After Put a Get MUST return exactly these bytes; nil and empty data make an object of 0 bytes.", putThenGet},
	{"OS-PUT-2", "Put IfAbsent MUST answer ErrPrecondition where an object exists.", putIfAbsent},
	{"OS-PUT-3", "Put IfVersion MUST answer ErrPrecondition on another version and where no object exists.", putIfVersion},
	{"OS-PUT-4", "A Put that answers ErrPrecondition, ErrBusy or ErrUnavailable MUST have changed nothing.", putFailedChangesNothing},
	{"OS-PUT-5", "The store MUST NOT keep or change data after Put returned.", putKeepsNoSlice},
	{"OS-PUT-6", "An object greater than Capabilities.MaxObjectSize MUST be refused with ErrTooLarge.", putTooLarge},
}

func putThenGet(t *T, h StoreHarness) {
	s := h.open(t)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	bodies := [][]byte{
		nil, {}, []byte("{}"), {0}, every, []byte("ends with a line\r\n"), bytes.Repeat(every, 4096),
		[]byte("short again"), nil, []byte("\xff\xfe not UTF-8"),
	}
	for i, body := range bodies {
		for _, key := range []string{"same.json", fmt.Sprintf("own/%d.json", i)} {
			t.put(s, key, body, ports.Any)
			t.wantBytes(s, key, body, "after put number %d", i)
			if o := t.get(s, key); o.Size != int64(len(body)) || o.Key != key || o.Version == "" {
				t.Errorf("get after put of %d bytes answers %+v", len(body), o.ObjectInfo)
			}
		}
	}
	for i, body := range bodies {
		t.wantBytes(s, fmt.Sprintf("own/%d.json", i), body, "after puts of other keys")
	}
}

func putIfAbsent(t *T, h StoreHarness) {
	first, second := h.pair(t)
	t.put(first, "k.json", nil, ports.IfAbsent)
	for _, s := range []ports.ObjectStore{first, second} {
		_, err := s.Put(t.Context(), "k.json", []byte("again"), ports.IfAbsent)
		t.wantErr(err, ports.ErrPrecondition, "put if absent over an empty object")
	}
	t.wantBytes(second, "k.json", nil, "after a refused put if absent")
	t.must(first.Delete(t.Context(), "k.json", ports.Any), "delete")
	t.put(second, "k.json", []byte("anew"), ports.IfAbsent)
	t.wantBytes(first, "k.json", []byte("anew"), "after put if absent over a deleted object")
}

func putIfVersion(t *T, h StoreHarness) {
	first, second := h.pair(t)
	refuse := func(v ports.Version, when string) {
		t.Helper()
		for _, s := range []ports.ObjectStore{first, second} {
			_, err := s.Put(t.Context(), "k.json", []byte("wrong"), ports.IfVersion(v))
			t.wantErr(err, ports.ErrPrecondition, "put if version %q %s", v, when)
		}
	}
	refuse("v", "of an absent key")
	refuse("", "of an absent key")
	v1 := t.put(first, "k.json", []byte("one"), ports.Any)
	refuse("", "of an object")
	refuse("no version at all", "of an object")
	refuse(v1+"0", "of an object")
	v2 := t.put(second, "k.json", []byte("two"), ports.IfVersion(v1))
	refuse(v1, "that was replaced")
	t.wantBytes(first, "k.json", []byte("two"), "after refused puts")
	v3 := t.put(first, "k.json", []byte("three"), ports.IfVersion(v2))
	t.must(second.Delete(t.Context(), "k.json", ports.Any), "delete")
	refuse(v3, "of a deleted object")
	_, err := first.Get(t.Context(), "k.json", ports.GetOptions{})
	t.wantErr(err, ports.ErrNotFound, "get after a refused put of a deleted object")
}

func putFailedChangesNothing(t *T, h StoreHarness) {
	first, second := h.pair(t)
	v := t.put(first, "k.json", []byte("first"), ports.Any)
	before := t.state(first)
	for _, cond := range []ports.Condition{ports.IfAbsent, ports.IfVersion("other"), ports.IfVersion("")} {
		_, err := first.Put(t.Context(), "k.json", []byte("refused"), cond)
		t.wantErr(err, ports.ErrPrecondition, "put (%s)", cond)
		_, err = second.Put(t.Context(), "absent/k.json", []byte("refused"), ports.IfVersion(v))
		t.wantErr(err, ports.ErrPrecondition, "put of an absent key")
		t.wantState(second, before, "a refused put (%s)", cond)
	}
	var won atomic.Pointer[string]
	together(16, func(i int) {
		data := fmt.Sprintf("from %d", i)
		if _, err := first.Put(t.Context(), "k.json", []byte(data), ports.IfVersion(v)); err == nil {
			won.Store(&data)
		}
	})
	if won.Load() == nil {
		t.Fatalf("none of 16 puts under the right version succeeded")
	}
	t.wantBytes(second, "k.json", []byte(*won.Load()), "after 15 others lost")
}

func putKeepsNoSlice(t *T, h StoreHarness) {
	s := h.open(t)
	for _, size := range []int{1, 100, 300 << 10} {
		want := bytes.Repeat([]byte("x"), size)
		data := append(bytes.Clone(want), "spare"...)
		t.put(s, "k.json", data[:size], ports.Any)
		if !bytes.Equal(data, append(bytes.Clone(want), "spare"...)) {
			t.Errorf("put changed the %d bytes that it was handed", size)
		}
		for i := range data {
			data[i] = 'y'
		}
		t.wantBytes(s, "k.json", want, "after the caller used its slice again")
	}
}

// triedSize is the greatest limit that the kit fills: it holds the object in
// memory.
const triedSize = 64 << 20

func putTooLarge(t *T, h StoreHarness) {
	s := h.open(t)
	limit := s.Capabilities().MaxObjectSize
	if limit == 0 {
		t.absent("no limit is claimed")
		return
	}
	if limit > triedSize {
		t.absent(fmt.Sprintf("the limit of %d bytes is too great to be tried", limit))
		return
	}
	t.put(s, "k.json", []byte("old"), ports.Any)
	before := t.state(s)
	for _, key := range []string{"k.json", "fresh.json"} {
		_, err := s.Put(t.Context(), key, make([]byte, limit+1), ports.Any)
		t.wantErr(err, ports.ErrTooLarge, "put of %d bytes", limit+1)
		t.wantState(s, before, "a put that is too large")
	}
}
