package txn

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// What a decision holds comes back letter by letter: the owner and every helper
// must write the same bytes.
func TestDecisionsKeepEveryByte(t *testing.T) {
	t.Parallel()
	d := &Decision{Committed: true, Writes: []Outcome{
		{Key: "users/ann.json", Body: []byte(`{"_rev":"0f3k8q1vd2m7x","a":1.50,"b":123456789012345678901234567890e-7}`)},
		{Key: "users/~C3~A9<&>\u2028\U0001F600.json", Body: []byte("{\"_rev\":\"0f3k8q1vd2m7x\",\"<&>\u2028\":\"\\u00e9 \\ud83d\\ude00 \xf0\x9f\x98\x80\"}")},
		{Key: `quote"back\slash.json`, Body: []byte("{\"_rev\":\"0f3k8q1vd2m7x\", \"a\" : [ 1 ,\n\t2 ] }")},
		{Key: "gone.json", Body: []byte(`{"_rev":"0f3k8q1vd2m7x","_deleted":true}`)},
		{Key: "large.json", Staged: "_sb/tx/00/x.0.json"},
		{Key: "nested.json", Body: []byte(`{"writes":[{"key":"x","body":{}}],"state":"aborted"}`)},
	}}
	text, err := d.encode(time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC))
	if err != nil || !strings.HasPrefix(string(text), `{"state":"committed","at":"2026-01-02T03:04:05.000000006Z","writes":[{"key":"users/ann.json","body":{`) {
		t.Fatalf("%s, %v", text, err)
	}
	got, err := ParseDecision(text)
	if err != nil || !got.Committed || len(got.Writes) != len(d.Writes) {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range d.Writes {
		w := got.Writes[i]
		if w.Key != want.Key || string(w.Body) != string(want.Body) || w.Staged != want.Staged {
			t.Errorf("%+v becomes %+v", want, w)
		}
		if found, ok := got.find(want.Key); !ok || found.Key != want.Key {
			t.Errorf("%s is not found", want.Key)
		}
	}
	if _, ok := got.find("x"); ok {
		t.Error("a key inside a body is found")
	}
}

func TestAnAbortedDecisionHoldsNothing(t *testing.T) {
	t.Parallel()
	text, err := new(Decision).encode(time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600)))
	if err != nil || string(text) != `{"state":"aborted","at":"2026-01-02T02:04:05Z"}` {
		t.Fatalf("%s, %v", text, err)
	}
	if d, err := ParseDecision(text); err != nil || d.Committed || len(d.Writes) > 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestDamagedDecisions(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		``, `[]`, `{}`, `{"state":"other"}`, `{"state":"committed","writes":[1]}`, `{"state":"committed"`,
		`{"state":"committed","writes":[{"key":"a"}]}`, `{"state":"committed","writes":[{"body":{}}]}`,
		`{"state":"committed","writes":[{"key":"a","body":{},"staged":"b"}]}`,
	} {
		if d, err := ParseDecision([]byte(text)); !errors.Is(err, ports.ErrCorrupt) {
			t.Errorf("%s: %+v, %v", text, d, err)
		}
	}
}

func TestIDsAreNeverTheSame(t *testing.T) {
	t.Parallel()
	n := uint64(0)
	random := func() uint64 { n += 0x9E3779B97F4A7C15; return n }
	seen := make(map[string]bool)
	at := time.UnixMilli(1_800_000_000_000)
	for range 10_000 {
		id := NewID(at, random)
		if seen[id] || len(id) != 26 {
			t.Fatalf("%q again", id)
		}
		seen[id] = true
	}
	if first, later := NewID(at, random), NewID(at.Add(time.Second), random); first >= later {
		t.Errorf("%s is not before %s", first, later)
	}
}
