package redis

import (
	"strings"
	"testing"
)

func TestDifferentNamesNeverGiveTheSameKey(t *testing.T) {
	t.Parallel()
	pieces := []string{"", "a", ":", "{", "}", "a:b", "a{", "}a", "%", "%3A", "\x00", "ä", "b", "*", " "}
	seen := map[string][4]string{}
	for _, namespace := range pieces {
		c := &Client{prefix: keyPrefix(namespace)}
		for _, name := range pieces {
			for _, first := range pieces {
				for _, second := range pieces {
					what := [4]string{namespace, name, first, second}
					key := c.key("ix", name, first, second)
					if other, twice := seen[key]; twice {
						t.Fatalf("%q and %q are both %q", what, other, key)
					}
					seen[key] = what
				}
				if key := c.key("ix", name, first); seen[key] != [4]string{} {
					t.Fatalf("%q has one part more or less than %q", key, seen[key])
				}
			}
		}
	}
}

func TestKeysOfOneNameShareTheirHashTag(t *testing.T) {
	t.Parallel()
	tag := func(key string) string {
		_, rest, _ := strings.Cut(key, "{")
		inside, _, found := strings.Cut(rest, "}")
		if !found || inside == "" {
			t.Errorf("%q has no hash tag", key)
		}
		return inside
	}
	for _, namespace := range []string{"", "a", "{", "}", "{}", "{x}"} {
		c := &Client{prefix: keyPrefix(namespace)}
		for _, name := range []string{"", "a", "{", "}", "{}", "a}b{"} {
			if one, other := tag(c.key("ix", name, "head")), tag(c.key("ix", name, "set", "{}:")); one != other {
				t.Errorf("tags %q and %q", one, other)
			}
		}
		if tag(c.key("ix", "a", "head")) == tag(c.key("ix", "b", "head")) {
			t.Error("two names share a hash tag")
		}
	}
}

func TestKeysAreReadable(t *testing.T) {
	t.Parallel()
	c := &Client{prefix: keyPrefix("my app")}
	if got := c.key("ix", "users", "set", "by:name"); got != "sb:my%20app:{ix:users}:set:by%3Aname" {
		t.Error(got)
	}
}
