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
	for _, name := range []string{"", "/a", "a/", "a//b", "_sb", "a/_b", ".", "a/..", "a\x00", "\xff", "a.json", "a.blob/b", "a__XLDIR__", strings.Repeat("a", 256), strings.Repeat("é", 100)} {
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

func FuzzBlobKey(f *testing.F) {
	for _, name := range []string{"a", "a/b.png", "é/ü", "..", "a/..", "x.blob", "x.blob/y", "x.json", "_x", "a/_x", "a//b", "/", "a/"} {
		f.Add(name, "other/a")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if CheckBlob(a) != "" || CheckBlob(b) != "" {
			return
		}
		key := BlobKey(a)
		if err := ports.ValidateKey(key); err != nil {
			t.Fatalf("blob %q: %v", a, err)
		}
		if strings.HasPrefix(key, SystemPrefix) {
			t.Fatalf("blob %q is a system object: %s", a, key)
		}
		if (key == BlobKey(b)) != (a == b) || strings.HasPrefix(BlobKey(b), key+"/") {
			t.Fatalf("blobs %q and %q clash: %s", a, b, BlobKey(b))
		}
		if back, ok := BlobName(key); !ok || back != a {
			t.Fatalf("BlobName(%q) = %q, %v", key, back, ok)
		}
		for i := range len(a) {
			if !strings.HasPrefix(key, BlobPrefix(a[:i])) {
				t.Fatalf("%q is not below the prefix of %q", key, a[:i])
			}
		}
		folder, id := SplitKey(b)
		if folder != "" && CheckCollection(folder) == "" && CheckID(id) == "" && DocumentKey(Folder(folder), id) == key {
			t.Fatalf("blob %q and document %q are the same object", a, b)
		}
	})
}

func TestNamesOfLocksAndCounters(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "a/b", "..", "é", "~", "A a", strings.Repeat("a", 250)} {
		key := NamedKey(LockPrefix, name)
		if problem := CheckName(name); problem != "" || ports.ValidateKey(key) != nil {
			t.Errorf("%q is refused: %s", name, problem)
		}
		if back, ok := NameOf(LockPrefix, key); !ok || back != name {
			t.Errorf("NameOf(%q) = %q, %v", key, back, ok)
		}
	}
	for _, name := range []string{"", "\xff", strings.Repeat("a", 251)} {
		if CheckName(name) == "" {
			t.Errorf("%q is accepted", name)
		}
	}
	for _, key := range []string{"_sb/lock/", "_sb/lock/.json", "_sb/lock/a", "_sb/lock/a b.json", "_sb/counter/a.json"} {
		if name, ok := NameOf(LockPrefix, key); ok {
			t.Errorf("%s is taken for lock %q", key, name)
		}
	}
}
