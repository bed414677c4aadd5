package minio

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

func TestNames(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("s", ports.MaxSegmentBytes)
	longest := strings.Repeat("d/", 511) + "ee"
	for key, want := range map[string]string{
		"users/42.json":            "users/42.json",
		"_sb/tx/0a/x.json":         "_sb/tx/0a/x.json",
		"example.com/v1.2/x.json":  "example.com/v1.2/x.json",
		"pictures/a.png":           "pictures/a.png",
		"a":                        "a\t",
		"a/b":                      "a/b\t",
		"a.JSON":                   "a.JSON\t",
		"x.json/y.json":            "x.json.\U0010FFFF/y.json",
		"x.json/y":                 "x.json.\U0010FFFF/y\t",
		"a__XLDIR__/x.json":        "a__XLDIR__.\U0010FFFF/x.json",
		".sgwtmp/x.json":           ".sgwtmp.\U0010FFFF/x.json",
		`a\..\b.json`:              "a[\U0010FFFF..[\U0010FFFFb.json",
		" ":                        " \t~",
		"long/" + full:             "long/" + full + "/\t",
		longest:                    longest,
		"\U0010FFFF/\U0010FFFE.gz": "\U0010FFFE\U0010FFFF/\U0010FFFE\U0010FFFE.gz",
	} {
		name, ok := encode(key)
		if !ok || name != want {
			t.Errorf("%.60q has the name %.60q, %v, want %.60q", key, name, ok, want)
		}
		if back, ok := decode(name); !ok || back != key {
			t.Errorf("%.60q is the name of %.60q, %v", name, back, ok)
		}
	}
}

// Names of other programs are no objects, and long marked folders no names.
func TestNamesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "a", "a/b", "x.json\t", "x.json/y.json", "a\t\t", "a/\t", "a\t~", "a/", "a\t/x.json", "a//x.json", "../x.json", `a\b.json`, "\U0010FFFF.json", "a.\U0010FFFF/x.json", ".sgwtmp/x.json"} {
		if key, ok := decode(name); ok {
			t.Errorf("%q is taken for the name of %q", name, key)
		}
	}
	folder := strings.Repeat("s", ports.MaxSegmentBytes-len(".json")) + ".json"
	if name, ok := encode(folder + "/x.json"); ok {
		t.Errorf("the name %.20q… has a segment that is too long", name)
	}
}

// pieces make keys that are alike in all ways that matter to names.
var pieces = []string{
	"a", "b", "/", "/", "/", ".", ".json", ".seg", ".\U0010FFFF", "\U0010FFFF", "\U0010FFFE", "\U0010FFFD", `\`, "[", "]", " ", "!", "0", "~", "é",
	"__XLDIR__", ".sgwtmp", strings.Repeat("s", 254), strings.Repeat("s", 255), strings.Repeat("d/", 250),
}

func randomKey(r *rand.Rand) string {
	for {
		var b strings.Builder
		for range 1 + r.IntN(7) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		if key := b.String(); ports.ValidateKey(key) == nil {
			return key
		}
	}
}

// Names keep the order of keys, none is the folder of another, and each leads
// back to its key.
func TestNamesKeepOrderAndNeverNest(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var keys []string
		names := map[string]string{}
		for range 60 {
			key := randomKey(r)
			if name, ok := encode(key); ok {
				keys, names[key] = append(keys, key), name
				if back, ok := decode(name); !ok || back != key {
					t.Fatalf("%q has the name %q, which is that of %q", key, name, back)
				}
			}
		}
		slices.Sort(keys)
		keys = slices.Compact(keys)
		for i, key := range keys {
			for _, other := range keys[i+1:] {
				if names[key] >= names[other] {
					t.Fatalf("%q < %q, but their names are %q and %q", key, other, names[key], names[other])
				}
				if strings.HasPrefix(names[other], names[key]+"/") {
					t.Fatalf("the name %q of %q is the folder of %q", names[key], key, names[other])
				}
			}
		}
	}
}

// Bounds leave no selected key out, and the SDK takes them.
func TestBoundsHoldAllThatIsSelected(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	cut := func() string {
		key := randomKey(r)
		return key[:r.IntN(len(key)+1)] + []string{"", "", "/", "\xff", "\xc3", ".", "\xf4\x8f"}[r.IntN(7)]
	}
	for range 100_000 {
		opts := ports.ListOptions{Prefix: cut(), StartAfter: cut()}
		key := randomKey(r)
		if r.IntN(2) == 0 {
			key = opts.Prefix + key
		}
		name, ok := encode(key)
		if !ok || ports.ValidateKey(key) != nil || !strings.HasPrefix(key, opts.Prefix) || key <= opts.StartAfter {
			continue
		}
		within, some := boundsOf(opts)
		if !some || !strings.HasPrefix(name, within.prefix) || name <= within.startAfter {
			t.Fatalf("list of %+v looks within %+q, %v, and misses %q, the name of %q", opts, within, some, name, key)
		}
		if !utf8.ValidString(within.prefix + within.startAfter) {
			t.Fatalf("list of %+v asks for %+q", opts, within)
		}
	}
}

// A listing starts close to where it must.
func TestBoundsAreTight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		opts ports.ListOptions
		want bounds
		some bool
	}{
		{ports.ListOptions{}, bounds{}, true},
		{ports.ListOptions{Prefix: "users/", StartAfter: "users/7.json"}, bounds{"users/", "users/7.json"}, true},
		{ports.ListOptions{Prefix: "users/", StartAfter: "a"}, bounds{"users/", ""}, true},
		{ports.ListOptions{Prefix: "users/\xc3"}, bounds{"users/", ""}, true},
		{ports.ListOptions{StartAfter: "users/\xff"}, bounds{"", "users/\U0010FFFF"}, true},
		{ports.ListOptions{Prefix: "x.json/y"}, bounds{"x.json.\U0010FFFF/y", ""}, true},
		{ports.ListOptions{Prefix: "users/", StartAfter: "z"}, bounds{}, false},
		{ports.ListOptions{Prefix: "users/", EndBefore: "users/"}, bounds{}, false},
		{ports.ListOptions{Prefix: "a//b"}, bounds{}, false},
		{ports.ListOptions{Prefix: "../b"}, bounds{}, false},
	} {
		if got, some := boundsOf(c.opts); got != c.want || some != c.some {
			t.Errorf("list of %+v looks within %+q, %v, want %+q, %v", c.opts, got, some, c.want, c.some)
		}
	}
}
