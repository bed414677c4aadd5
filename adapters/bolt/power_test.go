package bolt_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/bolt"
)

// When the power fails, each page that was written since the last sync may be
// on the disk or not, in any combination. The last sync of an index in use is
// the one of its Open.
func TestAfterAPowerFailureTheIndexIsNeverTrusted(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	x := openSmall(t, path)
	regime := install(t, x, "s")
	for i := range 500 {
		begin(t, x, regime, entry("a", i), entry("b", i*7919%1000))
	}
	shut(t, x)

	x = openSmall(t, path)
	synced := read(t, path)
	random := rand.New(rand.NewPCG(5, 6))
	page := os.Getpagesize()
	for round := range 30 {
		// A few writes, so that at first the older meta page still is that of
		// the Open, and many later.
		for i := range 1 + round {
			begin(t, x, regime, entry("a", 1_000+round*100+i), entry("b", random.IntN(1_000)))
		}
		written := read(t, path)
		synced := append(bytes.Clone(synced), make([]byte, max(0, len(written)-len(synced)))...)
		for range 5 {
			torn := bytes.Clone(written)
			for at := 0; at+page <= len(torn); at += page {
				if random.IntN(2) == 0 {
					copy(torn[at:at+page], synced[at:at+page])
				}
			}
			after := newPath(t)
			if err := os.WriteFile(after, torn, 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := bolt.Open(t.Context(), after, bolt.Options{})
			if err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
			isFresh(t, again, regime.Identity)
			shut(t, again)
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
