package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/core/internal/revision"
)

const rev = revision.Revision(7_500_000_000_000_000_000)

func TestComposeAndParseKeepTheMembersLetterByLetter(t *testing.T) {
	t.Parallel()
	for _, members := range []string{`{}`, `{"b":1.50,"a":9007199254740993}`, `{ "x" : [ 1 ] }`, "{\n  \"p\": null\n}", `{"_x":1}`, `{"_tx2":{},"a":{"_rev":"inner"}}`} {
		for _, version := range []int{0, 3, 12345} {
			d, err := Parse(Compose(rev, version, []byte(members)), true)
			if err != nil || d.Revision != rev || d.Version != version || d.Deleted || d.Nonce != "" {
				t.Fatalf("%s: %+v, %v", members, d, err)
			}
			var got, want bytes.Buffer
			_ = json.Compact(&got, d.Members)
			_ = json.Compact(&want, []byte(members))
			if got.String() != want.String() {
				t.Errorf("members %s came back as %s", members, d.Members)
			}
		}
	}
}

func TestTombstone(t *testing.T) {
	t.Parallel()
	d, err := Parse(Tombstone(rev), true)
	if err != nil || !d.Deleted || d.Members != nil || d.Revision != rev {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestForeignBodies(t *testing.T) {
	t.Parallel()
	text := rev.String()
	for _, c := range []struct {
		body, members string
		rev           revision.Revision
		version       int
		deleted       bool
	}{
		{`{"a":1}`, `{"a":1}`, 0, 0, false},
		{`{"a":1,"_v":4}`, `{"a":1}`, 0, 4, false},
		{"{\n \"name\": \"x\",\n \"_rev\": \"" + text + "\"\n}", `{"name": "x"}`, rev, 0, false},
		{`{"_rev":"` + text + `","_x":1,"_v":2}`, `{"_x":1}`, rev, 2, false},
		{`{"_deleted":true,"_rev":"` + text + `"}`, ``, rev, 0, true},
		{`{"_rev":"` + text + `.k3q9","a":1}`, `{"a":1}`, rev, 0, false},
		{`{}`, `{}`, 0, 0, false},
	} {
		d, err := Parse([]byte(c.body), true)
		if err != nil || string(d.Members) != c.members || d.Revision != c.rev || d.Version != c.version || d.Deleted != c.deleted {
			t.Errorf("%s: %+v (%s), %v", c.body, d, d.Members, err)
		}
		if got, ok := RevisionOf([]byte(c.body)); got != c.rev || ok != (c.rev != 0) {
			t.Errorf("RevisionOf(%s) = %v, %v", c.body, got, ok)
		}
	}
}

func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "[]", "{", `{"_rev":"` + rev.String() + `","a":}`, `{"_rev":5}`, `{"a":1,"_rev":"short"}`, `{"_v":"1"}`, `{"_v":-1}`, `{"_deleted":false}`, `{"_rev":"` + rev.String() + `"`} {
		if d, err := Parse([]byte(body), true); err == nil {
			t.Errorf("%s is read as %+v", body, d)
		}
	}
	if _, err := Parse([]byte(`{"_tx":{"id":"x"},"a":1}`), true); !errors.Is(err, ErrLocked) {
		t.Errorf("a locked document answers %v", err)
	}
}

func TestReservedMembersAreRefused(t *testing.T) {
	t.Parallel()
	for _, members := range []string{`{"_rev":1}`, `{"a":1,"_v":2}`, `{"\u005ftx":1}`, `{"_deleted":true}`, `[]`, `{`} {
		if CheckMembers([]byte(members)) == nil {
			t.Errorf("%s is accepted", members)
		}
	}
	if err := CheckMembers([]byte(`{"_id":1,"a":{"_rev":1}}`)); err != nil {
		t.Error(err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"_rev":"` + rev.String() + `","_v":2,"a":1}`))
	f.Add([]byte(`{"a":1,"_rev":"` + rev.String() + `"}`))
	f.Add(Tombstone(rev))
	f.Fuzz(func(t *testing.T, body []byte) {
		whole := bytes.Clone(body)
		d, err := Parse(bytes.Clone(body), true)
		if err != nil {
			return
		}
		if !json.Valid(whole) {
			t.Fatalf("%s is read although it is no JSON", whole)
		}
		if d.Deleted {
			return
		}
		if err := CheckMembers(d.Members); err != nil && d.Revision == 0 {
			t.Fatalf("members %s: %v", d.Members, err)
		}
		again, err := Parse(Compose(d.Revision, d.Version, d.Members), true)
		if err != nil || again.Revision != d.Revision || again.Version != d.Version {
			t.Fatalf("%s does not survive: %+v, %v", whole, again, err)
		}
	})
}
