package encryption

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// What was written by an earlier version of this package stays readable.
func TestTheFormatStaysAsItIs(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{7}, KeySize)
	for purpose, want := range map[string]string{
		"id":        "5247d644871b893507afaab730cad7957099aebe96a02f4f0878e339d8c8b163",
		"documents": "6215f6f53f37f00c20b2918f360231b0e496093dad2a4789637022e2b727feca",
		"streams":   "47eafa1f44ee6527d22befee377c84dda45e8f668c0093d2f9735ec93fd7d2ed",
	} {
		if got, err := derive(raw, purpose, KeySize); err != nil || hex.EncodeToString(got) != want {
			t.Errorf("%s: %x, %v", purpose, got, err)
		}
	}
	object, err := hex.DecodeString("935342454e4301645247d64418000000000000000000000004edbe3902558e3c80405fcf63d85339" +
		"0498451e55107f023c7075c0c3a5b9ed0c535f1b6e8ad5f7125894da518667")
	if err != nil {
		t.Fatal(err)
	}
	k, err := FromKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	s, err := newStore(memory.NewStore(memory.StoreOptions{}), k, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.inner.Put(t.Context(), "users/1.json", object, ports.Any); err != nil {
		t.Fatal(err)
	}
	if o, err := s.Get(t.Context(), "users/1.json", ports.GetOptions{}); err != nil || string(o.Data) != `{"a":1}` {
		t.Errorf("%q, %v", o.Data, err)
	}
	stream := header{kind: streamKind, key: 0x01020304, length: headerLength}.append(nil)
	if got := hex.EncodeToString(stream); got != "935342454e4301730102030410000000" {
		t.Errorf("the header of a stream is %s", got)
	}
}
