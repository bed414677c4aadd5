package conformance

import "github.com/smarterbase/smarterbase/ports"

var capabilityClauses = []Clause[StoreHarness]{
	{"OS-CAP-1", "Capabilities MUST be constant for the life of the store, and true: what is not claimed answers ErrUnsupported.", capabilitiesAreConstant},
	{"OS-CAP-2", "Capabilities MUST be those that hold for the store as it is handed out, through all its decorators: what is claimed works.", capabilitiesHold},
}

func capabilitiesAreConstant(t *T, h StoreHarness) {
	first, second := h.pair(t)
	want := first.Capabilities()
	if want.Name == "" {
		t.Errorf("the capabilities have no name")
	}
	if want.MaxObjectSize < 0 {
		t.Errorf("the greatest size of an object is %d", want.MaxObjectSize)
	}
	check := func(s ports.ObjectStore, when string) {
		t.Helper()
		if got := s.Capabilities(); got != want {
			t.Errorf("capabilities %s are %+v, before %+v", when, got, want)
		}
	}
	check(second, "of a second client")
	v := t.put(first, "k.json", []byte("x"), ports.Any)
	check(first, "after a put")
	if !want.ConditionalDelete {
		t.wantErr(first.Delete(t.Context(), "k.json", ports.IfVersion(v)), ports.ErrUnsupported, "conditional delete, which is not claimed,")
		t.unsupported("conditional delete")
	}
	if !want.NestedKeys {
		_, err := first.Put(t.Context(), "k.json/nested", nil, ports.Any)
		t.wantErr(err, ports.ErrUnsupported, "put of a nested key, which is not claimed,")
		t.unsupported("nested keys")
	}
	together(8, func(int) { check(first, "on another goroutine") })
	if again, ok := h.reopen(t, first); ok {
		check(again, "after reopening")
	}
	check(first, "at the end")
}

func capabilitiesHold(t *T, h StoreHarness) {
	first, second := h.pair(t)
	caps := first.Capabilities()
	v := t.put(first, "k.json", []byte("one"), ports.Any)
	if caps.ConditionalDelete {
		t.wantErr(first.Delete(t.Context(), "k.json", ports.IfVersion(v+"0")), ports.ErrPrecondition, "claimed conditional delete of another version")
		t.wantErr(second.Delete(t.Context(), "k.json", ports.IfVersion(v)), nil, "claimed conditional delete")
	}
	if caps.UniqueVersions {
		if again := t.put(first, "k.json", []byte("one"), ports.Any); again == v {
			t.Errorf("versions are claimed to be unique, and two puts made %q", v)
		}
	}
	if caps.NestedKeys {
		t.put(first, "n", []byte("outer"), ports.Any)
		t.put(first, "n/n", []byte("inner"), ports.Any)
		t.wantBytes(second, "n", []byte("outer"), "beside a nested key, as claimed")
	}
	if limit := caps.MaxObjectSize; limit > 0 && limit <= triedSize {
		t.put(first, "large.bin", make([]byte, limit), ports.Any)
		if o := t.get(second, "large.bin"); o.Size != limit {
			t.Errorf("an object of the claimed %d bytes has %d", limit, o.Size)
		}
	}
	t.Logf("claimed: %s", describe(caps))
}
