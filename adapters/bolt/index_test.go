package bolt_test

import (
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	"github.com/smarterbase/smarterbase/ports"
)

// open opens an index that the test closes at its end, if it has not before.
func open(t testing.TB, path string) *bolt.Index {
	t.Helper()
	x, err := bolt.Open(t.Context(), path, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := x.Close(); err != nil {
			t.Error(err)
		}
	})
	return x
}

func identity(t testing.TB, x *bolt.Index) string {
	t.Helper()
	name, err := x.Identity(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// install returns the regime of a space after an Install.
func install(t testing.TB, x *bolt.Index, space string) ports.Regime {
	t.Helper()
	regime := ports.Regime{Epoch: "e1", Identity: identity(t, x)}
	if err := x.Install(t.Context(), space, regime); err != nil {
		t.Fatal(err)
	}
	return regime
}
