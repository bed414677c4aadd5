package prefix_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

func TestTheEmptyPrefixIsTheStoreItself(t *testing.T) {
	t.Parallel()
	inner := recorder{}
	if s, err := prefix.Store(inner, ""); err != nil || s != ports.ObjectStore(inner) {
		t.Errorf("answers %v, %v", s, err)
	}
}

func TestAPrefixIsLikeAKey(t *testing.T) {
	t.Parallel()
	for _, p := range []string{"/", "/a", "a/", "a//b", "..", "a/../b", "a\n", "\xff", strings.Repeat("p", 256), strings.Repeat("p/", 511) + "p"} {
		if _, err := prefix.Store(recorder{}, p); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("prefix %q: err = %v", p, err)
		}
	}
}

func TestInvalidKeysAreRefusedThoughTheyWouldBeValidBelow(t *testing.T) {
	t.Parallel()
	s, err := prefix.Store(recorder{}, "t/7")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "../8/a.json", "/a", ".", strings.Repeat("k/", 509) + "kkk"} {
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("key %q: err = %v", key, err)
		}
	}
}

func TestKeysAreThoseBelowThePrefix(t *testing.T) {
	t.Parallel()
	s, err := prefix.Store(recorder{}, "t/7")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := s.Stat(t.Context(), "a.json"); err != nil || info.Key != "a.json" || info.Version != "t/7/a.json" {
		t.Errorf("stat answers %+v, %v", info, err)
	}
	_, err = s.Get(t.Context(), "a.json", ports.GetOptions{})
	var failure *ports.Error
	if !errors.As(err, &failure) || failure.Key != "a.json" || failure.Kind != ports.ErrNotFound {
		t.Errorf("get answers %v", err)
	}
	for info, err := range s.List(t.Context(), ports.ListOptions{Prefix: "b", StartAfter: "c", EndBefore: "d"}) {
		if err != nil || info.Key != "inner prefix t/7/b after t/7/c before t/7/d" {
			t.Errorf("list asks for %q, %v", info.Key, err)
		}
	}
}

func TestThePrefixTakesItsPartOfTheKey(t *testing.T) {
	t.Parallel()
	s, err := prefix.Store(recorder{}, "t/7")
	if err != nil {
		t.Fatal(err)
	}
	again, err := prefix.Store(s, "x")
	if err != nil {
		t.Fatal(err)
	}
	if got := again.Capabilities().MaxKeyBytes; got != ports.MaxKeyBytes-len("t/7/x/") {
		t.Errorf("leaves %d bytes", got)
	}
}
