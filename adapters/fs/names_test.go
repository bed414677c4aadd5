//go:build unix && !aix && !solaris

package fs

import (
	"math/rand/v2"
	"path"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func TestNamesOnDisk(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 254)
	for _, c := range []struct {
		key  string
		file string // path of the object
		fold string // the same where case is ignored; empty: no difference
	}{
		{key: "users/42.json", file: "users/42.json"},
		{key: "a", file: "a~o"},
		{key: "a/b", file: "a/b~o"},
		{key: "a.b/c.json", file: "a.b~d/c.json"},
		{key: ".json", file: ".json~o"},
		{key: "x.", file: "x.~o"},
		{key: "x.a-b", file: "x.a-b~o"},
		{key: "x." + strings.Repeat("e", 16), file: "x." + strings.Repeat("e", 16)},
		{key: "x." + strings.Repeat("e", 17), file: "x." + strings.Repeat("e", 17) + "~o"},
		{key: ".sb", file: ".sb~o"},
		{key: ".sb/locks/000", file: ".sb~d/locks/000~o"},
		{key: "a/.sb/b", file: "a/.sb/b~o"},
		{key: "a~o/b~d/c~+/d.e", file: "a~o~d/b~d~d/c~+~d/d.e", fold: "a~7eo/b~7ed/c~7e+/d.e"},
		{key: "a~o", file: "a~o~o", fold: "a~7eo~o"},
		{key: long, file: long[:253] + "~+/x~o"},
		{key: long + "/a.b", file: long + "/a.b"},
		{key: "B.json", file: "B.json", fold: "~42.json"},
		{key: "b.JSON", file: "b.JSON", fold: "b.~4a~53~4f~4e~o"},
		{key: ".SB/é.x", file: ".SB/é.x", fold: ".~53~42/~c3~a9.x"},
	} {
		if c.fold == "" {
			c.fold = c.file
		}
		if got := (names{}).file(c.key); got != c.file {
			t.Errorf("file of %q is %q, want %q", c.key, got, c.file)
		}
		if got := (names{fold: true}).file(c.key); got != c.fold {
			t.Errorf("folded file of %q is %q, want %q", c.key, got, c.fold)
		}
	}
}

// The key is found again from the path, no two keys share a path, and no path
// is the folder of another object or of the adapter.
func TestNamesAreExact(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []names{{}, {fold: true}} {
		files, folders := map[string]string{}, map[string]string{}
		for range 8_000 {
			key := randomKey(r)
			checkNames(t, n, key)
			if other, taken := files[spelling(n, n.file(key))]; taken && other != key {
				t.Fatalf("%q and %q share the file %q", key, other, n.file(key))
			}
			files[spelling(n, n.file(key))] = key
			for k := path.Dir(key); k != "."; k = path.Dir(k) {
				if other, taken := folders[spelling(n, n.folder(k))]; taken && other != k {
					t.Fatalf("%q and %q share the folder %q", k, other, n.folder(k))
				}
				folders[spelling(n, n.folder(k))] = k
			}
		}
		for folder, key := range folders {
			if object, taken := files[folder]; taken {
				t.Fatalf("the folder of %q is the file of %q", key, object)
			}
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, seed := range []string{"a", "a/b", "A~o/.sb", "x.json", strings.Repeat("é", 127) + "/" + strings.Repeat("Z", 255)} {
		f.Add(seed, "b.c")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, n := range []names{{}, {fold: true}} {
			for _, key := range []string{a, b} {
				if ports.ValidateKey(key) == nil {
					checkNames(t, n, key)
				}
			}
			if a != b && ports.ValidateKey(a) == nil && ports.ValidateKey(b) == nil {
				if spelling(n, n.file(a)) == spelling(n, n.file(b)) {
					t.Fatalf("%q and %q share the file %q", a, b, n.file(a))
				}
			}
			// Whatever name lies about: if it is taken for a key, it is that key's.
			if strings.Contains(a, "/") {
				continue
			}
			if key, ok := n.read(a, false, true); ok && n.file(key) != a {
				t.Fatalf("file %q is taken for %q, whose file is %q", a, key, n.file(key))
			}
			if key, ok := n.read(a, true, true); ok && n.folder(strings.TrimSuffix(key, "/")) != a {
				t.Fatalf("folder %q is taken for %q", a, key)
			}
		}
	})
}

// spelling is what the file system sees of a path.
func spelling(n names, p string) string {
	if n.fold {
		return strings.ToLower(p)
	}
	return p
}

func checkNames(t *testing.T, n names, key string) {
	t.Helper()
	for _, folder := range []bool{false, true} {
		p := n.file(key)
		if folder {
			p = n.folder(key)
		}
		for name := range strings.SplitSeq(p, "/") {
			if name == "" || name == "." || name == ".." || len(name) > maxNameBytes {
				t.Fatalf("%q has the impossible name %q in %q", key, name, p)
			}
		}
		if strings.HasPrefix(p+"/", MetadataDir+"/") {
			t.Fatalf("%q leads into the metadata folder: %q", key, p)
		}
		if got, ok := decode(n, p, folder); !ok || got != key {
			t.Fatalf("%q is at %q, which is read as %q (%t)", key, p, got, ok)
		}
	}
}

// decode reads a path as a listing does, one folder after another.
func decode(n names, p string, folder bool) (string, bool) {
	var key, head string
	for p != "" {
		name, rest, more := strings.Cut(p, "/")
		p, head = rest, join(head, name)
		if more && strings.HasSuffix(name, markMore) {
			continue
		}
		segment, ok := n.read(head, more || folder, key == "")
		if !ok {
			return "", false
		}
		key, head = key+segment, ""
	}
	return strings.TrimSuffix(key, "/"), true
}

// randomKey makes keys out of pieces that are likely to be confused.
func randomKey(r *rand.Rand) string {
	pieces := []string{"a", "A", "b", ".", "~", "o", "d", "+", "~o", "~d", "~+", ".json", ".sb", "é", "É", "-", "7e", "41",
		strings.Repeat("x", 120), strings.Repeat("é", 60), strings.Repeat("Y", 100)}
	for {
		var b strings.Builder
		for i := range 1 + r.IntN(3) {
			if i > 0 {
				b.WriteByte('/')
			}
			for range 1 + r.IntN(4) {
				b.WriteString(pieces[r.IntN(len(pieces))])
			}
		}
		if ports.ValidateKey(b.String()) == nil {
			return b.String()
		}
	}
}
