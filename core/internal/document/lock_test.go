package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/rawjson"
)

var aLock = Lock{ID: "t1", Reads: true, At: time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC), Wait: "1s"}

// underLock is the locked form of the bodies below, up to what lies behind.
const underLock = `{"_tx":{"id":"t1","prev":"PREV","reads":true,"at":"2026-01-02T03:04:05.006Z","wait":"1s"}`

func TestALockLiesOverEveryBodyAndComesOffAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, body, prev, behind string }{
		{"empty object", `{}`, PrevDocument, `}`},
		{"only a revision", `{"_rev":"0f3k8q1vd2m7x"}`, PrevDocument, `,"_rev":"0f3k8q1vd2m7x"}`},
		{"our own form", `{"_rev":"0f3k8q1vd2m7x","_v":2,"a":1}`, PrevDocument, `,"_rev":"0f3k8q1vd2m7x","_v":2,"a":1}`},
		{"with a nonce", `{"_rev":"0f3k8q1vd2m7x.k3q9","a":1}`, PrevDocument, `,"_rev":"0f3k8q1vd2m7x.k3q9","a":1}`},
		{"tombstone", `{"_rev":"0f3k8q1vd2m7x","_deleted":true}`, PrevTombstone, `,"_rev":"0f3k8q1vd2m7x","_deleted":true}`},
		{"tombstone with a nonce", `{"_rev":"0f3k8q1vd2m7x.9","_deleted":true}`, PrevTombstone, `,"_rev":"0f3k8q1vd2m7x.9","_deleted":true}`},
		{"foreign", `{"a":1.50,"b":9007199254740993}`, PrevDocument, `,"a":1.50,"b":9007199254740993}`},
		{"foreign with a revision at the end", `{"a":1,"_rev":"0f3k8q1vd2m7x"}`, PrevDocument, `,"a":1,"_rev":"0f3k8q1vd2m7x"}`},
		{"lines behind the first member", "{\"a\": [\r\n 1 ],\n\t\"b\" : {} }\n", PrevDocument, ",\"a\": [\r\n 1 ],\n\t\"b\" : {} }\n"},
		{"a lock of the user's own, inside", `{"a":{"_tx":{"id":"x","prev":"doc"}},"b":"{\"_tx\":{"}`, PrevDocument, `,"a":{"_tx":{"id":"x","prev":"doc"}},"b":"{\"_tx\":{"}`},
		{"not deleted", `{"a":{"_deleted":true}}`, PrevDocument, `,"a":{"_deleted":true}}`},
		{"text that HTML would escape", "{\"<&>\":\"\u2028<script>\"}", PrevDocument, ",\"<&>\":\"\u2028<script>\"}"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			locked, err := aLock.Over([]byte(c.body))
			want := strings.Replace(underLock, "PREV", c.prev, 1) + c.behind
			if err != nil || string(locked) != want {
				t.Fatalf("locked it is\n%s, %v, want\n%s", locked, err, want)
			}
			lock, before, found, err := ParseLock(locked)
			if err != nil || !found || string(before) != c.body {
				t.Errorf("before it was %s, %v, %v, want %s", before, found, err, c.body)
			}
			if want := aLock; lock.ID != want.ID || lock.Prev != c.prev || !lock.Reads || !lock.At.Equal(want.At) || lock.Wait != want.Wait {
				t.Errorf("the lock is %+v", lock)
			}
			if !IsLocked(locked) || IsLocked([]byte(c.body)) {
				t.Error("IsLocked does not tell them apart")
			}
			if _, err := Parse(bytes.Clone(locked), true); !errors.Is(err, ErrLocked) {
				t.Errorf("Parse answers %v", err)
			}
		})
	}
}

func TestALockOverNothing(t *testing.T) {
	t.Parallel()
	locked, err := aLock.Over(nil)
	if want := strings.Replace(underLock, "PREV", PrevAbsent, 1) + "}"; err != nil || string(locked) != want {
		t.Fatalf("it is %s, %v", locked, err)
	}
	lock, before, found, err := ParseLock(locked)
	if err != nil || !found || before != nil || lock.Prev != PrevAbsent {
		t.Errorf("%+v, %s, %v, %v", lock, before, found, err)
	}
}

// White space before the first member is all that a lock does not keep.
func TestALockOverPrettyText(t *testing.T) {
	t.Parallel()
	locked, err := aLock.Over([]byte(" \r\n{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, before, _, err := ParseLock(locked)
	if want := "{\"a\": 1,\r\n  \"b\": 2\r\n}\r\n"; err != nil || string(before) != want {
		t.Errorf("before it was %q, %v, want %q", before, err, want)
	}
}

// People who edit a locked object by hand may move the lock.
func TestALockIsFoundWhereverItIs(t *testing.T) {
	t.Parallel()
	const lock = `"_tx":{"id":"t1","prev":"doc"}`
	for body, want := range map[string]string{
		`{"a":1,` + lock + `,"b":2}`:                 `{"a":1,"b":2}`,
		`{"a":1 , ` + lock + ` , "b":2}`:             `{"a":1 , "b":2}`,
		`{"a":1,` + lock + `}`:                       `{"a":1}`,
		`{` + lock + `}`:                             `{}`,
		"{ " + lock + " }":                           "{  }",
		`{"\u005ftx":{"id":"t","prev":"doc"},"a":1}`: `{"a":1}`,
	} {
		_, before, found, err := ParseLock([]byte(body))
		if err != nil || !found || string(before) != want {
			t.Errorf("%s is over %s, %v, %v, want %s", body, before, found, err, want)
		}
	}
}

func TestWhatIsNoDocumentIsNotLocked(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "[]", `"x"`, "1", "{", `{"a":1}x`, "\xef\xbb\xbf{}", `{"a":1,}`} {
		if locked, err := aLock.Over([]byte(body)); err == nil {
			t.Errorf("over %q it is %s", body, locked)
		}
		if _, _, _, err := ParseLock([]byte(body)); err == nil {
			t.Errorf("%q has no lock, but is no document either", body)
		}
	}
}

func TestDamagedLocks(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"_tx":{}}`, `{"_tx":{"id":"t1"}}`, `{"_tx":{"prev":"doc"}}`, `{"_tx":{"id":"t1","prev":"other"}}`,
		`{"_tx":1}`, `{"_tx":"t1"}`, `{"_tx":{"id":7,"prev":"doc"}}`, `{"_tx":{"id":"t1","prev":"doc","at":"yesterday"}}`,
	} {
		if _, _, found, err := ParseLock([]byte(body)); err == nil || !found {
			t.Errorf("%s: %v, %v", body, found, err)
		}
	}
	if _, _, found, err := ParseLock([]byte(`{"a":{"_tx":{}}}`)); found || err != nil {
		t.Errorf("a document without a lock: %v, %v", found, err)
	}
}

func TestWithNonceKeepsTheContent(t *testing.T) {
	t.Parallel()
	const rev = "0f3k8q1vd2m7x"
	for body, want := range map[string]string{
		`{"_rev":"` + rev + `","a":1}`:               `{"_rev":"` + rev + `.n","a":1}`,
		`{"_rev":"` + rev + `.old","_v":3,"a":1}`:    `{"_rev":"` + rev + `.n","_v":3,"a":1}`,
		`{"_rev":"` + rev + `"}`:                     `{"_rev":"` + rev + `.n"}`,
		`{"_rev":"` + rev + `","_deleted":true}`:     `{"_rev":"` + rev + `.n","_deleted":true}`,
		`{"_rev":"` + rev + `.old","_deleted":true}`: `{"_rev":"` + rev + `.n","_deleted":true}`,
		`{"a":1,"_v":2,"_rev":"` + rev + `.x"}`:      `{"_rev":"` + rev + `.n","_v":2,"a":1}`,
		`{"_deleted":true,"_rev":"` + rev + `"}`:     `{"_rev":"` + rev + `.n","_deleted":true}`,
		"{\n  \"a\": 1.0\n}\n":                       "{\"_rev\":\"0000000000000.n\",\"a\": 1.0}",
		`{}`:                                         `{"_rev":"0000000000000.n"}`,
		`{"_rev":"` + rev + `.","a":1}`:              `{"_rev":"` + rev + `.n","a":1}`,
		`{"_rev":"` + rev + `.a\",\"b\":1}","a":1}`:  `{"_rev":"` + rev + `.n","a":1}`,
	} {
		got, err := WithNonce([]byte(body), "n")
		if err != nil || string(got) != want {
			t.Errorf("%s becomes %s, %v, want %s", body, got, err, want)
		}
	}
	if got, err := WithNonce(nil, "n"); err != nil || string(got) != `{"_rev":"0000000000000.n","_deleted":true}` {
		t.Errorf("nothing becomes %s, %v", got, err)
	}
	if got, err := WithNonce([]byte("[]"), "n"); err == nil {
		t.Errorf("what is no document becomes %s", got)
	}
}

// FuzzLock puts a lock over any text, and takes it off again.
func FuzzLock(f *testing.F) {
	for _, body := range []string{
		`{}`, ` { } `, `{"_rev":"0f3k8q1vd2m7x","a":1}`, `{"_rev":"0f3k8q1vd2m7x.n","_deleted":true}`, "{\n\t\"a\" : 1 }\r\n",
		`{"_tx":{"id":"x","prev":"doc"}}`, `{"a":{"_tx":1}}`, "\xef\xbb\xbf{}", `{"_rev":"0f3k8q1vd2m7x.","a":1}`, `{"_deleted":true}`, `{"_rev":"0f3k8q1vd2m7x.\","}`,
	} {
		f.Add([]byte(body), "n")
	}
	f.Fuzz(func(t *testing.T, body []byte, id string) {
		lock := Lock{ID: "t" + id, Wait: "1s"}
		locked, err := lock.Over(body)
		if rawjson.CheckObject(body) != nil {
			if err == nil && body != nil {
				t.Fatalf("over %q it is %s", body, locked)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if !IsLocked(locked) || !json.Valid(locked) {
			t.Fatalf("%q is locked as %q", body, locked)
		}
		if _, _, has, _ := ParseLock(body); has {
			return // nobody locks what is locked
		}
		_, before, found, err := ParseLock(locked)
		rest := bytes.TrimLeft(bytes.TrimLeft(body, " \n\t\r")[1:], " \n\t\r")
		if err != nil || !found || string(before) != "{"+string(rest) {
			t.Fatalf("%q comes back as %q, %v", body, before, err)
		}
		renonced(t, before)
	})
}

// renonced checks what WithNonce makes of a body.
func renonced(t *testing.T, body []byte) {
	t.Helper()
	old, err := Parse(bytes.Clone(body), true)
	next, nonceErr := WithNonce(body, "abc")
	if err != nil || nonceErr != nil {
		return
	}
	now, err := Parse(bytes.Clone(next), true)
	if err != nil || now.Revision != old.Revision || now.Nonce != "abc" || now.Deleted != old.Deleted || now.Version != old.Version {
		t.Fatalf("%q becomes %q: %+v, %v, before %+v", body, next, now, err, old)
	}
	if want := bytes.TrimSpace(old.Members); !bytes.Equal(squeezed(now.Members), squeezed(want)) {
		t.Fatalf("the members %q become %q", want, now.Members)
	}
}

func squeezed(text []byte) []byte {
	var out bytes.Buffer
	_ = json.Compact(&out, text)
	return out.Bytes()
}
