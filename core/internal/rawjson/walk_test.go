package rawjson

import (
	"slices"
	"strings"
	"testing"
)

func TestVisitFansOutOverArrays(t *testing.T) {
	t.Parallel()
	object := []byte(`{"a":{"b":1},"tags":["x","y"],"items":[{"sku":"p"},{"sku":"q"},5],"none":[],"deep":[[1,2]],"n":null}`)
	for path, want := range map[string][]string{
		"a.b":       {"1"},
		"a":         {`{"b":1}`},
		"tags":      {`"x"`, `"y"`},
		"items.sku": {`"p"`, `"q"`},
		"none":      nil,
		"deep":      {"[1,2]"},
		"n":         {"null"},
		"missing":   nil,
		"a.b.c":     nil,
	} {
		var got []string
		fanned := Visit(object, strings.Split(path, "."), func(value []byte) { got = append(got, string(value)) })
		if !slices.Equal(got, want) {
			t.Errorf("Visit(%s) = %q, want %q", path, got, want)
		}
		if wantFanned := slices.Contains([]string{"tags", "items.sku", "none", "deep"}, path); fanned != wantFanned {
			t.Errorf("Visit(%s) met an array: %v, want %v", path, fanned, wantFanned)
		}
	}
}

func TestLookupTakesTheLastOfRepeatedMembers(t *testing.T) {
	t.Parallel()
	value, ok := Lookup([]byte(`{"a":{"b":1,"b":2},"a":{"b":3}}`), []string{"a", "b"})
	if !ok || string(value) != "3" {
		t.Errorf("Lookup = %s, %v", value, ok)
	}
	if _, ok := Lookup([]byte(`{"a":[{"b":1}]}`), []string{"a", "b"}); ok {
		t.Error("Lookup looks into arrays")
	}
}
