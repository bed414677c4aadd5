package main

import (
	"slices"
	"testing"
)

func TestFuzzFunctionsAreFound(t *testing.T) {
	t.Parallel()
	r, _ := checkout(t, []string{"a"}, map[string]string{
		"a/x_test.go":     "package a\nimport \"testing\"\nfunc FuzzX(f *testing.F) {}\nfunc helper() {}\n",
		"a/sub/y_test.go": "package sub\nimport \"testing\"\nfunc FuzzY(f *testing.F) {}\n",
		"a/z.go":          "package a\nfunc FuzzZ() {}\n",
	})
	got, err := r.fuzzTargets(r.modules[0])
	if want := []fuzzTarget{{"a/sub", "FuzzY"}, {"a", "FuzzX"}}; err != nil || !slices.Equal(got, want) {
		t.Errorf("fuzz functions %v, %v, want %v", got, err, want)
	}
}
