package redis

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func TestIndexByURLOwnsItsConnections(t *testing.T) {
	t.Parallel()
	w := newWire(t, always(master))
	x, err := urls.OpenIndex(t.Context(), "redis://"+w.addr+"?namespace=n")
	if err != nil {
		t.Fatal(err)
	}
	if id, err := x.Identity(t.Context()); id != "n" || err != nil {
		t.Errorf("identity %q, %v", id, err)
	}
	for range 2 {
		if err := x.(io.Closer).Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := x.Identity(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
	// The end of the test waits until the connections are gone.
}

func TestIndexByURLRefusesAServerThatDoesNotSayWhoItIs(t *testing.T) {
	t.Parallel()
	w := newWire(t, always(strings.Replace(master, "$1\r\nn", "$0\r\n", 1)))
	x, err := urls.OpenIndex(t.Context(), "redis://"+w.addr)
	if x != nil || !errors.Is(err, ports.ErrUnsupported) || !strings.Contains(err.Error(), "run_id") {
		t.Errorf("%v, %v", x, err)
	}
}

func TestBothSchemesAreRegistered(t *testing.T) {
	t.Parallel()
	for _, scheme := range []string{"redis", "rediss"} {
		x, err := urls.OpenIndex(t.Context(), scheme+"://h?nonsense=1")
		if x != nil || !errors.Is(err, ports.ErrInvalidKey) || !strings.Contains(err.Error(), "nonsense") {
			t.Errorf("%s: %v, %v", scheme, x, err)
		}
	}
}
