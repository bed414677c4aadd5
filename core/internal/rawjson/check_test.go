package rawjson

import (
	"encoding/json"
	"strings"
	"testing"
)

var texts = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `1.5e+10`, `"a\u00e9\n"`, ` { "a" : [ 1 , { "b" : null } ] } `,
	``, ` `, `{`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `[1,]`, `[1 2]`, `01`, `1.`, `.5`, `1e`, `+1`, `-`, `tru`, `nulll`,
	`"`, `"\x"`, `"\u12"`, "\"\n\"", `{"a":1}x`, `{'a':1}`, `"\ud800"`, "\"\xff\"", `{"a":1,"a":2}`, `1e400`, `[[[[]]]]`, `{"":{}}`,
}

func TestCheckAgreesWithEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, text := range texts {
		if got, want := Check([]byte(text)) == nil, json.Valid([]byte(text)); got != want {
			t.Errorf("Check(%q) accepts: %v, encoding/json: %v", text, got, want)
		}
	}
}

func TestCheckRefusesDepthBeyondTheLimit(t *testing.T) {
	t.Parallel()
	for _, depth := range []int{MaxDepth, MaxDepth + 1} {
		text := []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
		if got, want := Check(text) == nil, json.Valid(text); got != want {
			t.Errorf("depth %d: accepted %v, encoding/json %v", depth, got, want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if got, want := Check(data) == nil, json.Valid(data); got != want {
			t.Fatalf("Check accepts: %v, encoding/json: %v", got, want)
		}
	})
}

func FuzzMembers(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text), "a")
	}
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		if CheckObject(data) != nil {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		got := make(map[string]string)
		for m := range Members(data) {
			got[m.Text()] = string(m.Value)
		}
		if len(got) != len(want) {
			t.Fatalf("%d members, encoding/json finds %d", len(got), len(want))
		}
		for key, value := range want {
			if got[key] != string(value) {
				t.Fatalf("member %q is %s, want %s", key, got[key], value)
			}
			if found, ok := Find(data, key); !ok || string(found) != string(value) {
				t.Fatalf("Find(%q) = %s, %v", key, found, ok)
			}
		}
		if _, ok := Find(data, name); ok != (want[name] != nil) {
			t.Fatalf("Find(%q) found: %v", name, ok)
		}
	})
}
