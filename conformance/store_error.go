package conformance

import (
	"context"
	"errors"

	"github.com/smarterbase/smarterbase/ports"
)

var errorClauses = []Clause[StoreHarness]{
	{"OS-ERR-1", "Every failure MUST be an *Error that names the operation and the key.", errorsName},
}

func errorsName(t *T, h StoreHarness) {
	s := h.open(t)
	v := t.put(s, "k.json", []byte("there"), ports.Any)
	fail := func(what, key string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s of %q answers no error", what, short(key))
			return
		}
		wantNamed(t, err, key, what)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, call := range storeCalls(s) {
		key := "k.json"
		if !call.keyed {
			key = ""
		}
		fail("canceled "+call.name, key, call.do(canceled, "k.json"))
		if call.keyed {
			fail(call.name, "../invalid", call.do(t.Context(), "../invalid"))
		}
	}
	_, err := s.Get(t.Context(), "absent.json", ports.GetOptions{})
	fail("get", "absent.json", err)
	_, err = s.Get(t.Context(), "k.json", ports.GetOptions{IfNoneMatch: v})
	fail("get if none match", "k.json", err)
	_, err = s.Get(t.Context(), "k.json", ports.GetOptions{Range: ports.Range{Offset: 99}})
	fail("get of a range behind the end", "k.json", err)
	_, err = s.Stat(t.Context(), "absent.json")
	fail("stat", "absent.json", err)
	_, err = s.Put(t.Context(), "k.json", nil, ports.IfAbsent)
	fail("put if absent", "k.json", err)
	_, err = s.Put(t.Context(), "absent.json", nil, ports.IfVersion(v))
	fail("put if version", "absent.json", err)
	fail("delete if absent", "k.json", s.Delete(t.Context(), "k.json", ports.IfAbsent))
	fail("delete if version", "k.json", s.Delete(t.Context(), "k.json", ports.IfVersion(v+"0")))
}

// wantNamed checks the form of an error. An empty key is not compared.
func wantNamed(t *T, err error, key, what string) {
	t.Helper()
	e, ok := errors.AsType[*ports.Error](err)
	switch {
	case !ok:
		t.Errorf("%s answers %T %q, which is no *ports.Error", what, err, err)
	case e.Op == "":
		t.Errorf("%s answers %q, which names no operation", what, err)
	case key != "" && e.Key != key:
		t.Errorf("%s answers %q, which names the key %q, want %q", what, err, e.Key, key)
	}
	if kinds := kindsOf(err); len(kinds) != 1 {
		t.Errorf("%s answers %q, which matches %d outcomes %q, want one", what, err, len(kinds), kinds)
	}
}

// kindsOf returns the outcomes that err matches.
func kindsOf(err error) (kinds []error) {
	for _, kind := range []error{
		ports.ErrNotFound, ports.ErrNotModified, ports.ErrPrecondition, ports.ErrBusy, ports.ErrUnavailable,
		ports.ErrUnknown, ports.ErrStale, ports.ErrLost, ports.ErrInvalidKey, ports.ErrPermission,
		ports.ErrTooLarge, ports.ErrUnsupported, ports.ErrCorrupt, ports.ErrClosed,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}
