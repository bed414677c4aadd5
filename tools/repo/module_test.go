package main

import (
	"strings"
	"testing"
)

func TestModulesAreRead(t *testing.T) {
	t.Parallel()
	list, err := parseModules("modules.txt", "# head\n\nports lockstep yes v0.1.0 no\ntools - no - yes # tail\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []module{
		{path: "ports", set: "lockstep", released: true, version: "v0.1.0"},
		{path: "tools", set: "-", version: unreleasedVersion, race: true},
	}
	if len(list) != 2 || list[0] != want[0] || list[1] != want[1] {
		t.Errorf("modules: %+v, want %+v", list, want)
	}
}

func TestWrongModulesAreRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"columns", "ports lockstep yes v0.1.0\n", "4 columns"},
		{"yes or no", "ports lockstep maybe v0.1.0 no\n", "neither yes nor no"},
		{"twice", "a s yes v0.1.0 no\na s yes v0.1.0 no\n", "listed twice"},
		{"set apart", "a s yes v0.1.0 no\nb s yes v0.2.0 no\n", "both v0.1.0 and v0.2.0"},
		{"no version", "a s yes - no\n", "no version"},
		{"short version", "a s yes v0.1 no\n", "no version"},
		{"version of the unreleased", "a - no v0.1.0 no\n", "not released"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := parseModules("modules.txt", c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error: %v, want one with %q", err, c.want)
			}
		})
	}
}
