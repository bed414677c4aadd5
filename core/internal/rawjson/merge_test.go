package rawjson

import (
	"encoding/json"
	"reflect"
	"testing"
)

func TestMergeKeepsWhatTheTypeCannotHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, base, before, after, want string }{
		{"unknown members, order and spelling stay", `{"z":9007199254740993,"n":1.50,"a":"x","u":{"k":[1.0]}}`, `{"a":"x","n":1.5}`, `{"a":"y","n":1.5}`, `{"z":9007199254740993,"n":1.50,"a":"y","u":{"k":[1.0]}}`},
		{"an integer that the type rounds stays if unchanged", `{"id":9007199254740993,"v":1}`, `{"id":9007199254740992,"v":1}`, `{"id":9007199254740992,"v":2}`, `{"id":9007199254740993,"v":2}`},
		{"nested objects are merged", `{"o":{"x":1e2,"keep":true}}`, `{"o":{"x":100}}`, `{"o":{"x":7}}`, `{"o":{"x":7,"keep":true}}`},
		{"what after lacks is removed", `{"a":1,"b":2}`, `{"a":1,"b":2}`, `{"b":2}`, `{"b":2}`},
		{"what is new is appended", `{"b":2}`, `{"b":2}`, `{"a":1,"b":2}`, `{"b":2,"a":1}`},
		{"arrays are replaced as a whole", `{"a":[1.0,2]}`, `{"a":[1,2]}`, `{"a":[1,2,3]}`, `{"a":[1,2,3]}`},
		{"repeated members collapse to the last", `{"a":1,"a":2}`, `{"a":2}`, `{"a":2}`, `{"a":2}`},
		{"names with escapes are the same names", `{"\u0061":1,"q":0}`, `{"a":1}`, `{"a":5}`, `{"\u0061":5,"q":0}`},
		{"an object that became a scalar", `{"a":{"x":1}}`, `{"a":{"x":1}}`, `{"a":3}`, `{"a":3}`},
		{"empty", `{}`, `{}`, `{}`, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := string(Merge([]byte(c.base), []byte(c.before), []byte(c.after))); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// The cases are those of RFC 7386, appendix A, as far as targets are objects.
func TestPatchIsRFC7386(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"a":1}`, `{"a":{"b":null,"c":2}}`, `{"a":{"c":2}}`},
	} {
		if got := string(Patch([]byte(c[0]), []byte(c[1]))); got != c[2] {
			t.Errorf("Patch(%s, %s) = %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add([]byte(`{"a":1,"u":2}`), []byte(`{"a":1}`), []byte(`{"a":2,"b":{"c":[]}}`))
	f.Add([]byte(`{"o":{"x":1,"k":2}}`), []byte(`{"o":{"x":1}}`), []byte(`{"o":{}}`))
	f.Fuzz(func(t *testing.T, base, before, after []byte) {
		if CheckObject(base) != nil || CheckObject(before) != nil || CheckObject(after) != nil {
			return
		}
		merged := Merge(base, before, after)
		if err := CheckObject(merged); err != nil {
			t.Fatalf("merged text %s: %v", merged, err)
		}
		// With before == base the type kept everything: the result is after.
		same := Merge(base, base, after)
		var got, want any
		if json.Unmarshal(same, &got) != nil || json.Unmarshal(after, &want) != nil {
			return // numbers that a float64 can't hold
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("Merge(base, base, after) = %s, want %s", same, after)
		}
	})
}
