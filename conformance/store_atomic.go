package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

var atomicityClauses = []Clause[StoreHarness]{
	{"OS-ATM-1", "Put replaces an object as a whole: no Get MUST ever see a part of it, a mixture, or nothing in between.", putIsWhole},
	{"OS-ATM-2", "Of any number of concurrent writes on one key with a condition that only one of them can satisfy, exactly one MUST succeed.", oneWriterWins},
}

func putIsWhole(t *T, h StoreHarness) {
	for _, size := range []int{64, 256 << 10} {
		first, second := h.pair(t)
		t.put(first, "k.json", uniform('a', size), ports.Any)
		watchReplacement(t, first, second, size, false)
		first, second = h.pair(t)
		watchReplacement(t, first, second, size, true)
		if again, ok := h.reopen(t, first); ok {
			for info, err := range again.List(t.Context(), ports.ListOptions{}) {
				t.must(err, "list after reopening")
				wantUniform(t, t.get(again, info.Key), size)
			}
		}
	}
}

// uniform makes an object of one letter, of about size bytes: the letter says
// how many exactly, so that a part or a mixture can be told.
func uniform(letter byte, size int) []byte {
	return bytes.Repeat([]byte{letter}, size+int(letter-'a')*13)
}

func wantUniform(t *T, o ports.Object, size int) {
	t.Helper()
	if len(o.Data) == 0 {
		t.Errorf("get sees an empty object while it is replaced")
		return
	}
	letter := o.Data[:1]
	want := size + int(letter[0]-'a')*13
	if len(o.Data) != want || o.Size != int64(want) || bytes.Count(o.Data, letter) != want {
		t.Errorf("get sees %d bytes from %q to %q, size %d: no writer wrote that",
			len(o.Data), o.Data[0], o.Data[len(o.Data)-1], o.Size)
	}
}

// watchReplacement lets two writers replace an object while four readers look.
// The writers go on until the readers have looked often enough. With gaps, the
// writers delete it, too, and only then may a reader see nothing.
func watchReplacement(t *T, first, second ports.ObjectStore, size int, gaps bool) {
	t.Helper()
	var looks, writers atomic.Int64
	writers.Store(2)
	clients := []ports.ObjectStore{first, second}
	enough := int64(200)
	if size > 1<<16 {
		enough = 60
	}
	together(6, func(i int) {
		s := clients[i%2]
		if i >= 2 {
			for writers.Load() > 0 && !t.Failed() {
				look(t, s, size, gaps)
				looks.Add(1)
			}
			return
		}
		defer writers.Add(-1)
		for round := 0; round < 2000 && (round < 20 || looks.Load() < enough) && !t.Failed(); round++ {
			_, err := s.Put(t.Context(), "k.json", uniform(byte('a'+2*(round%12)+i), size), ports.Any)
			t.wantErr(err, nil, "put")
			if gaps {
				t.wantErr(s.Delete(t.Context(), "k.json", ports.Any), nil, "delete")
			}
		}
	})
}

func look(t *T, s ports.ObjectStore, size int, gaps bool) {
	t.Helper()
	o, err := s.Get(t.Context(), "k.json", ports.GetOptions{})
	switch {
	case err == nil:
		wantUniform(t, o, size)
	case !gaps || !errors.Is(err, ports.ErrNotFound):
		t.Errorf("get of an object that is being replaced answers %v", err)
	}
	found := 0
	for info, err := range s.List(t.Context(), ports.ListOptions{}) {
		if err != nil || info.Key != "k.json" || int(info.Size) < size {
			t.Errorf("list sees %+v, %v while an object is replaced", info, err)
		}
		found++
	}
	if found != 1 && !gaps {
		t.Errorf("list sees %d objects while one is replaced", found)
	}
}

func oneWriterWins(t *T, h StoreHarness) {
	first, second := h.pair(t)
	clients := []ports.ObjectStore{first, second}
	conditional := first.Capabilities().ConditionalDelete
	for round := range 8 {
		key := fmt.Sprintf("round-%d.json", round)
		v := race(t, clients, key, ports.IfAbsent, false)
		v = race(t, clients, key, ports.IfVersion(v), false)
		if conditional {
			race(t, clients, key, ports.IfVersion(v), true)
		}
		t.must(first.Delete(t.Context(), key, ports.Any), "delete")
		race(t, clients, key, ports.IfAbsent, false)
	}
}

// race lets 32 writes with one condition meet, half of them deletes if asked
// to, and returns the version that the winner made.
func race(t *T, clients []ports.ObjectStore, key string, cond ports.Condition, deletes bool) ports.Version {
	t.Helper()
	type write struct {
		version ports.Version
		data    string
		deleted bool
	}
	var winners atomic.Int64
	var winner atomic.Pointer[write]
	together(32, func(i int) {
		w := write{data: fmt.Sprintf("%s from %d", cond, i), deleted: deletes && i%4 < 2}
		s := clients[i%len(clients)]
		var err error
		if w.deleted {
			err = s.Delete(t.Context(), key, cond)
		} else {
			w.version, err = s.Put(t.Context(), key, []byte(w.data), cond)
		}
		if err == nil {
			winners.Add(1)
			winner.Store(&w)
			return
		}
		t.wantErr(err, ports.ErrPrecondition, "a write (%s) that lost", cond)
	})
	if winners.Load() != 1 {
		t.Fatalf("%d of 32 writes (%s) succeeded", winners.Load(), cond)
	}
	w := winner.Load()
	o, err := clients[0].Get(t.Context(), key, ports.GetOptions{})
	if w.deleted {
		t.wantErr(err, ports.ErrNotFound, "get after a delete won")
		return ""
	}
	t.must(err, "get after a race")
	if string(o.Data) != w.data || o.Version != w.version {
		t.Errorf("after %q won with version %q, get answers %s, %q", w.data, w.version, excerpt(o.Data), o.Version)
	}
	return w.version
}
