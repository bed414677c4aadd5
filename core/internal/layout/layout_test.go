package layout

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

func FuzzEscape(f *testing.F) {
	for _, text := range []string{"plain", "a/b", "..", "~", "~2F", "é", "\x00", "A a", strings.Repeat("x", 300)} {
		f.Add(text, "other")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		escaped := Escape(a)
		for i := range len(escaped) {
			if !isPlain(escaped[i]) && escaped[i] != '~' {
				t.Fatalf("Escape(%q) = %q holds %q", a, escaped, escaped[i])
			}
		}
		if (escaped == Escape(b)) != (a == b) {
			t.Fatalf("%q and %q are escaped alike", a, b)
		}
		if back, err := Unescape(escaped); utf8.ValidString(a) && (err != nil || back != a) {
			t.Fatalf("Unescape(%q) = %q, %v", escaped, back, err)
		}
		if back, err := Unescape(a); err == nil && Escape(back) != a {
			t.Fatalf("Unescape(%q) = %q, which is escaped as %q", a, back, Escape(back))
		}
	})
}

func FuzzDocumentKey(f *testing.F) {
	f.Add("users", "42")
	f.Add("a/b", "..")
	f.Add("x", "_sb/unique")
	f.Fuzz(func(t *testing.T, collection, id string) {
		if CheckCollection(collection) != "" || CheckID(id) != "" {
			return
		}
		key := DocumentKey(Folder(collection), id)
		if len(key) > ports.MaxKeyBytes {
			return // refused by the caller
		}
		if err := ports.ValidateKey(key); err != nil {
			t.Fatalf("document %q of %q: %v", id, collection, err)
		}
		if strings.HasPrefix(key, SystemPrefix) {
			t.Fatalf("document %q of %q is a system object: %s", id, collection, key)
		}
		if back, ok := DocumentID(Folder(collection), key); !ok || back != id {
			t.Fatalf("DocumentID(%q) = %q, %v", key, back, ok)
		}
	})
}

func TestNamesThatCanNotBe(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "/a", "a/", "a//b", "_sb", "a/_b", ".", "a/..", "a\x00", "\xff", strings.Repeat("a", 256), strings.Repeat("é", 100)} {
		if CheckCollection(name) == "" {
			t.Errorf("collection %q is accepted", name)
		}
	}
	for _, id := range []string{"", "a\x00b", "\xff", strings.Repeat("a", 251), strings.Repeat("é", 50)} {
		if CheckID(id) == "" {
			t.Errorf("id %q is accepted", id)
		}
	}
	for _, id := range []string{".", "..", "../x", "a b", "~", "_sb", "語", strings.Repeat("a", 250)} {
		if problem := CheckID(id); problem != "" {
			t.Errorf("id %q is refused: %s", id, problem)
		}
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"users/a/b.json", "users/.json", "users/a.txt", "users/a b.json", "users/~2f.json", "users/~41.json", "other/a.json"} {
		if id, ok := DocumentID("users/", key); ok {
			t.Errorf("%s is taken for document %q", key, id)
		}
	}
}
