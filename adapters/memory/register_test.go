package memory_test

import (
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func openStore(t *testing.T, url string) *memory.Store {
	t.Helper()
	s, err := urls.OpenStore(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*memory.Store)
}

func TestANamedStoreIsShared(t *testing.T) {
	t.Parallel()
	first := openStore(t, "mem://shared-store")
	put(t, first, "a", "")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if got := keys(t, openStore(t, "mem://shared-store/"), ports.ListOptions{}); len(got) != 1 {
		t.Errorf("keys %v", got)
	}
	for _, url := range []string{"mem://", "mem://another-store"} {
		if got := keys(t, openStore(t, url), ports.ListOptions{}); len(got) != 0 {
			t.Errorf("%s: keys %v", url, got)
		}
	}
}

func TestANamedIndexIsShared(t *testing.T) {
	t.Parallel()
	identities := make(map[string]string)
	for i, url := range []string{"mem://shared-index", "mem://shared-index", "mem://", "mem://"} {
		x, err := urls.OpenIndex(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		identity, err := x.Identity(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if other, found := identities[identity]; found && (other != url || i != 1) {
			t.Errorf("%s has the identity of %s", url, other)
		}
		identities[identity] = url
	}
	if len(identities) != 3 {
		t.Errorf("identities %v", identities)
	}
}

func TestAURLWithMoreThanANameIsRefused(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"mem://a/b", "mem:a", "mem://u:p@a", "mem://a?size=1"} {
		if _, err := urls.OpenStore(t.Context(), url); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("store %s: err = %v", url, err)
		}
		if _, err := urls.OpenIndex(t.Context(), url); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("index %s: err = %v", url, err)
		}
	}
}
