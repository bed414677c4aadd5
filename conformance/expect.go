package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/smarterbase/smarterbase/ports"
)

// wantErr checks that err is want, or nil where want is nil. what says which
// call it was.
func (t *T) wantErr(err, want error, what string, args ...any) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s answers %v, want %v", fmt.Sprintf(what, args...), outcome(err), outcome(want))
	}
}

// must ends the check if err is not nil.
func (t *T) must(err error, what string, args ...any) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s answers %v", fmt.Sprintf(what, args...), err)
	}
}

func outcome(err error) string {
	if err == nil {
		return "no error"
	}
	return fmt.Sprintf("%q", err)
}

// put stores data and ends the check if that fails.
func (t *T) put(s ports.ObjectStore, key string, data []byte, cond ports.Condition) ports.Version {
	t.Helper()
	v, err := s.Put(t.Context(), key, data, cond)
	t.must(err, "put of %q (%s)", short(key), cond)
	return v
}

// get reads a whole object and ends the check if that fails.
func (t *T) get(s ports.ObjectStore, key string) ports.Object {
	t.Helper()
	o, err := s.Get(t.Context(), key, ports.GetOptions{})
	t.must(err, "get of %q", short(key))
	return o
}

// wantBytes checks that key holds exactly data.
func (t *T) wantBytes(s ports.ObjectStore, key string, data []byte, when string, args ...any) {
	t.Helper()
	o, err := s.Get(t.Context(), key, ports.GetOptions{})
	if err != nil {
		t.Errorf("get of %q %s answers %v", short(key), fmt.Sprintf(when, args...), err)
	} else if !bytes.Equal(o.Data, data) {
		t.Errorf("get of %q %s answers %s, want %s", short(key), fmt.Sprintf(when, args...), excerpt(o.Data), excerpt(data))
	}
}

// list walks a listing and ends the check if that fails.
func (t *T) list(s ports.ObjectStore, opts ports.ListOptions) []ports.ObjectInfo {
	t.Helper()
	var infos []ports.ObjectInfo
	for info, err := range s.List(t.Context(), opts) {
		t.must(err, "list of %+v", opts)
		infos = append(infos, info)
	}
	return infos
}

// keys are those of a listing.
func keys(infos []ports.ObjectInfo) []string {
	names := make([]string, len(infos))
	for i, info := range infos {
		names[i] = info.Key
	}
	return names
}

// state is all that a store holds: "version bytes" by key.
type state map[string]string

func (t *T) state(s ports.ObjectStore) state {
	t.Helper()
	held := state{}
	for _, info := range t.list(s, ports.ListOptions{}) {
		o := t.get(s, info.Key)
		held[info.Key] = fmt.Sprintf("%q %x", o.Version, o.Data)
	}
	return held
}

// wantState checks that the store holds what it held before.
func (t *T) wantState(s ports.ObjectStore, before state, when string, args ...any) {
	t.Helper()
	if now := t.state(s); !maps.Equal(now, before) {
		t.Errorf("%s changed the store: from %s to %s", fmt.Sprintf(when, args...), before, now)
	}
}

// String is for messages.
func (s state) String() string {
	text := "{"
	for _, key := range slices.Sorted(maps.Keys(s)) {
		text += fmt.Sprintf(" %q: %s", short(key), short(s[key]))
	}
	return text + " }"
}

// short cuts a long name in its middle, for messages.
func short(name string) string {
	if len(name) <= 80 {
		return name
	}
	return fmt.Sprintf("%s…(%d bytes)…%s", name[:30], len(name), name[len(name)-10:])
}

// excerpt shows bytes in a message.
func excerpt(data []byte) string {
	if len(data) <= 40 {
		return fmt.Sprintf("%d bytes %q", len(data), data)
	}
	return fmt.Sprintf("%d bytes %q…", len(data), data[:40])
}
