package unique_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/core/internal/unique"
)

func on(paths ...string) unique.Definition {
	d := unique.Definition{Name: strings.Join(paths, "_")}
	for _, path := range paths {
		path, normalize, _ := strings.Cut(path, ":")
		d.Fields = append(d.Fields, unique.Field{Path: path, Normalize: normalize})
	}
	return d
}

func optional(d unique.Definition) unique.Definition {
	d.Optional = true
	return d
}

// needs are the printed values that next adds to base.
func needs(t *testing.T, c *unique.Checker, d unique.Definition, base, next string) (keys, texts []string) {
	t.Helper()
	var before []byte
	if base != "" {
		before = []byte(base)
	}
	list, err := c.Needs([]unique.Constraint{{Definition: d}}, before, []byte(next))
	if err != nil {
		t.Fatalf("%s → %s: %v", base, next, err)
	}
	for _, need := range list {
		keys, texts = append(keys, need.Key), append(texts, string(need.Text))
	}
	return keys, texts
}

func TestValuesAreComparedExactly(t *testing.T) {
	t.Parallel()
	c := &unique.Checker{Collection: "c"}
	for _, x := range []struct {
		name string
		d    unique.Definition
		a, b string
		same bool
	}{
		{"equal strings", on("v"), `{"v":"a"}`, `{"v":"a"}`, true},
		{"strings by their bytes", on("v"), `{"v":"a"}`, `{"v":"A"}`, false},
		{"an escaped letter", on("v"), `{"v":"\u00e9"}`, `{"v":"é"}`, true},
		{"composed and decomposed", on("v"), `{"v":"é"}`, `{"v":"e\u0301"}`, false},
		{"white space", on("v"), `{"v":"a"}`, `{"v":"a "}`, false},
		{"a NUL inside", on("v"), `{"v":"a\u0000b"}`, `{"v":"a"}`, false},
		{"long strings that differ at the end", on("v"), `{"v":"` + strings.Repeat("x", 5000) + `1"}`, `{"v":"` + strings.Repeat("x", 5000) + `2"}`, false},
		{"one and 1.0", on("v"), `{"v":1}`, `{"v":1.0}`, true},
		{"100 and 1e2", on("v"), `{"v":100}`, `{"v":1e2}`, true},
		{"beyond 2^53", on("v"), `{"v":9007199254740993}`, `{"v":9007199254740992}`, false},
		{"zero and minus zero", on("v"), `{"v":0}`, `{"v":-0}`, true},
		{"a number and its text", on("v"), `{"v":1}`, `{"v":"1"}`, false},
		{"true and its text", on("v"), `{"v":true}`, `{"v":"true"}`, false},
		{"null and missing", on("v"), `{"v":null}`, `{}`, true},
		{"null and empty", on("v"), `{"v":null}`, `{"v":""}`, false},
		{"trim", on("v:trim"), `{"v":" a\t"}`, `{"v":"a"}`, true},
		{"trim keeps case", on("v:trim"), `{"v":"A"}`, `{"v":"a"}`, false},
		{"lower", on("v:lower"), `{"v":"ÄA"}`, `{"v":"äa"}`, true},
		{"lower keeps space", on("v:lower"), `{"v":"a "}`, `{"v":"a"}`, false},
		{"email", on("v:email"), `{"v":" Ann@Example.COM\n"}`, `{"v":"ann@example.com"}`, true},
		{"email keeps what is before the plus", on("v:email"), `{"v":"ann+x@example.com"}`, `{"v":"ann@example.com"}`, false},
		{"numbers are not normalised", on("v:lower"), `{"v":1}`, `{"v":2}`, false},
		{"nested", on("v.w"), `{"v":{"w":1}}`, `{"v":{"w":1},"x":2}`, true},
		{"compound", on("v", "w"), `{"v":1,"w":2}`, `{"v":1,"w":2}`, true},
		{"compound, the second differs", on("v", "w"), `{"v":1,"w":2}`, `{"v":1,"w":3}`, false},
		{"compound, the border moved", on("v", "w"), `{"v":"ab","w":"c"}`, `{"v":"a","w":"bc"}`, false},
		{"compound, one normalised", on("v:lower", "w"), `{"v":"A","w":"B"}`, `{"v":"a","w":"B"}`, true},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			a, _ := needs(t, c, x.d, "", x.a)
			b, _ := needs(t, c, x.d, "", x.b)
			if len(a) != 1 || len(b) != 1 || (a[0] == b[0]) != x.same {
				t.Errorf("%s and %s have the claims %v and %v", x.a, x.b, a, b)
			}
			if again, _ := needs(t, c, x.d, x.a, x.b); (len(again) == 0) != x.same {
				t.Errorf("from %s to %s needs %v", x.a, x.b, again)
			}
		})
	}
}

func TestNeedsAreTheValuesThatAreNew(t *testing.T) {
	t.Parallel()
	c := &unique.Checker{Collection: "c"}
	for _, x := range []struct {
		name       string
		d          unique.Definition
		base, next string
		want       string
	}{
		{"each element of an array, once", on("v"), "", `{"v":["a","b","a"]}`, `"a" "b"`},
		{"elements that are new", on("v"), `{"v":["a","b"]}`, `{"v":["b","c"]}`, `"c"`},
		{"from one to an array", on("v"), `{"v":"a"}`, `{"v":["a"]}`, ``},
		{"an empty array", on("v"), "", `{"v":[]}`, ``},
		{"null in an array", on("v"), "", `{"v":[null,1]}`, `null 1`},
		{"null in an array, optional", optional(on("v")), "", `{"v":[null,"",1]}`, `1`},
		{"an array on the way", on("v.w"), "", `{"v":[{"w":1},{"x":2},{"w":3}]}`, `1 3`},
		{"missing", on("v"), "", `{}`, `null`},
		{"missing, optional", optional(on("v")), "", `{}`, ``},
		{"null, optional", optional(on("v")), "", `{"v":null}`, ``},
		{"empty, optional", optional(on("v")), "", `{"v":""}`, ``},
		{"empty after it was normalised", optional(on("v:trim")), "", `{"v":"  "}`, ``},
		{"white space that is not normalised", optional(on("v")), "", `{"v":"  "}`, `"  "`},
		{"zero and false are values", optional(on("v")), "", `{"v":[0,false]}`, `0 false`},
		{"compound, as printed", on("v:lower", "w"), "", `{"v":"A","w":1.50}`, `["a",1.50]`},
		{"compound with arrays", on("v", "w"), "", `{"v":[1,2],"w":["x","y"]}`, `[1,"x"] [1,"y"] [2,"x"] [2,"y"]`},
		{"compound, one missing, optional", optional(on("v", "w")), "", `{"v":1}`, ``},
		{"compound, one missing", on("v", "w"), "", `{"v":1}`, `[1,null]`},
		{"what is gone needs nothing", on("v"), `{"v":"a"}`, `{"v":null}`, `null`},
		{"base had an object", on("v"), `{"v":["a",{}]}`, `{"v":["a","b"]}`, `"b"`},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			if _, texts := needs(t, c, x.d, x.base, x.next); strings.Join(texts, " ") != x.want {
				t.Errorf("needs %v, want %s", texts, x.want)
			}
		})
	}
	if list, err := c.Needs([]unique.Constraint{{Definition: on("v")}}, []byte(`{"v":1}`), nil); err != nil || list != nil {
		t.Errorf("a delete needs %v, %v", list, err)
	}
}

func TestUnusableValuesAreRefusedByField(t *testing.T) {
	t.Parallel()
	c := &unique.Checker{Collection: "c"}
	many := func(n int) string {
		elements := make([]string, n)
		for i := range elements {
			elements[i] = fmt.Sprint(i)
		}
		return strings.Join(elements, ",")
	}
	for _, x := range []struct {
		name    string
		d       []unique.Constraint
		next    string
		want    error
		mention string
	}{
		{"an object", []unique.Constraint{{Definition: on("v.w")}}, `{"v":{"w":{}}}`, unique.ErrUnusable, `"v.w"`},
		{"an array in an array", []unique.Constraint{{Definition: on("v")}}, `{"v":[1,[2]]}`, unique.ErrUnusable, `"v"`},
		{"101 values", []unique.Constraint{{Definition: on("v")}}, `{"v":[` + many(101) + `]}`, unique.ErrUnusable, `"v"`},
		{"101 values in two constraints", []unique.Constraint{{Definition: on("w")}, {Definition: on("v")}}, `{"w":1,"v":[` + many(100) + `]}`, unique.ErrUnusable, `"v"`},
		{"a product beyond all bounds", []unique.Constraint{{Definition: on("v", "w")}}, `{"v":[` + many(900) + `],"w":[` + many(900) + `]}`, unique.ErrUnusable, `"v", "w"`},
		{"a function that is not known", []unique.Constraint{{Definition: on("v:phone")}}, `{"v":"1"}`, unique.ErrNoNormalizer, "phone"},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			_, err := c.Needs(x.d, nil, []byte(x.next))
			if !errors.Is(err, x.want) || !strings.Contains(err.Error(), x.mention) {
				t.Errorf("%v, want %v that mentions %s", err, x.want, x.mention)
			}
		})
	}
	if _, err := c.Needs([]unique.Constraint{{Definition: on("v")}}, nil, []byte(`{"v":[`+many(100)+`]}`)); err != nil {
		t.Errorf("100 values: %v", err)
	}
}

func TestOwnNormalizer(t *testing.T) {
	t.Parallel()
	c := &unique.Checker{Collection: "c"}
	c.Register("digits", func(text string) string {
		return strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
	})
	if _, texts := needs(t, c, on("v:digits"), `{"v":"030 / 12-3"}`, `{"v":"(030)123"}`); texts != nil {
		t.Errorf("the same number needs %v", texts)
	}
}
