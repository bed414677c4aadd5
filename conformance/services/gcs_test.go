package services

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// gcsBucket is a bucket of the shared server and a client without cleverness.
type gcsBucket struct {
	*testing.T
	base string // URL of the server
	name string
}

func newGCSBucket(t *testing.T) *gcsBucket {
	t.Helper()
	s := GCS(t)
	return &gcsBucket{t, s.host(), s.NewBucket(t)}
}

// reply is what a server answered.
type reply struct {
	status int
	header http.Header
	body   string
}

// do sends a request to a path below the server; headers are "Name: value".
func (b *gcsBucket) do(method, path, body string, headers ...string) reply {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	answer, err := noKeepAlive.RoundTrip(r)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	if err != nil {
		b.Fatal(err)
	}
	return reply{answer.StatusCode, answer.Header, string(said)}
}

// object is the path of an object in the JSON API.
func (b *gcsBucket) object(name, query string) string {
	return "/storage/v1/b/" + b.name + "/o/" + url.PathEscape(name) + query
}

// put uploads an object in one request.
func (b *gcsBucket) put(name, body, conditions string) reply {
	b.Helper()
	return b.do("POST", "/upload/storage/v1/b/"+b.name+"/o?uploadType=media&name="+url.QueryEscape(name)+conditions, body, "Content-Type: text/plain")
}

type resource struct{ Generation, Metageneration string }

func (r reply) resource(t *testing.T) resource {
	t.Helper()
	var o resource
	if err := json.Unmarshal([]byte(r.body), &o); err != nil || r.status/100 != 2 {
		t.Fatalf("no object: %d %s", r.status, r.body)
	}
	return o
}

func (b *gcsBucket) must(name, body string) resource {
	b.Helper()
	return b.put(name, body, "").resource(b.T)
}

// expect compares a status, and for errors the reason.
func (b *gcsBucket) expect(what string, got reply, status int) {
	b.Helper()
	if got.status != status {
		b.Errorf("%s: status %d, want %d: %s", what, got.status, status, got.body)
	}
	if status == http.StatusPreconditionFailed && !strings.Contains(got.body, "conditionNotMet") && !strings.Contains(got.body, "PreconditionFailed") {
		b.Errorf("%s: %s", what, got.body)
	}
}

// Each condition, on each request about an object that exists.
func TestGCSPreconditions(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	requests := map[string]func(name, conditions string) reply{
		"stat":   func(name, c string) reply { return b.do("GET", b.object(name, "?"+c), "") },
		"read":   func(name, c string) reply { return b.do("GET", b.object(name, "?alt=media&"+c), "") },
		"upload": func(name, c string) reply { return b.put(name, "new", "&"+c) },
		"patch":  func(name, c string) reply { return b.do("PATCH", b.object(name, "?"+c), `{"metadata":{"a":"b"}}`) },
		"delete": func(name, c string) reply { return b.do("DELETE", b.object(name, "?"+c), "") },
		"rewrite": func(name, c string) reply {
			b.must("source", "s")
			return b.do("POST", b.object("source", "/rewriteTo/b/"+b.name+"/o/"+name+"?"+c), "{}")
		},
		"compose": func(name, c string) reply {
			b.must("source", "s")
			return b.do("POST", b.object(name, "/compose?"+c), `{"sourceObjects":[{"name":"source"}]}`)
		},
	}
	for what, request := range requests {
		reading := what == "stat" || what == "read"
		for i, c := range []struct {
			condition string
			fits      bool
			not       bool // a condition that something is not
		}{
			{"ifGenerationMatch=<now>", true, false},
			{"ifGenerationMatch=1", false, false},
			{"ifGenerationMatch=0", false, false},
			{"ifGenerationNotMatch=<now>", false, true},
			{"ifGenerationNotMatch=1", true, true},
			{"ifGenerationNotMatch=0", true, true},
			{"ifMetagenerationMatch=1", true, false},
			{"ifMetagenerationMatch=7", false, false},
			{"ifMetagenerationNotMatch=1", false, true},
			{"ifMetagenerationNotMatch=7", true, true},
			{"ifGenerationMatch=<now>&ifMetagenerationMatch=7", false, false},
		} {
			name := fmt.Sprintf("%s-%d", what, i)
			before := b.must(name, "old")
			got := request(name, strings.ReplaceAll(c.condition, "<now>", before.Generation))
			text := what + " with " + c.condition
			switch {
			case c.fits && got.status/100 != 2:
				t.Errorf("%s: %d %s", text, got.status, got.body)
			case c.fits:
			case c.not && reading:
				b.expect(text, got, http.StatusNotModified)
			default:
				b.expect(text, got, http.StatusPreconditionFailed)
			}
			if !c.fits {
				if after := b.do("GET", b.object(name, ""), "").resource(t); after != before {
					t.Errorf("%s: a refused request changed %v to %v", text, before, after)
				}
			}
		}
	}
}

func TestGCSAbsentObject(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	for _, condition := range []string{"", "ifGenerationMatch=1", "ifGenerationMatch=0", "ifGenerationNotMatch=1"} {
		for what, got := range map[string]reply{
			"stat":   b.do("GET", b.object("absent", "?"+condition), ""),
			"patch":  b.do("PATCH", b.object("absent", "?"+condition), "{}"),
			"delete": b.do("DELETE", b.object("absent", "?"+condition), ""),
		} {
			b.expect(what+" with "+condition, got, http.StatusNotFound)
			if !strings.Contains(got.body, `"code":404`) || !strings.Contains(got.body, "notFound") {
				t.Errorf("%s with %s: %s", what, condition, got.body)
			}
		}
		b.expect("read with "+condition, b.do("GET", b.object("absent", "?alt=media&"+condition), ""), http.StatusNotFound)
	}
	b.expect("upload over nothing", b.put("absent", "x", "&ifGenerationMatch=5"), http.StatusPreconditionFailed)
	b.expect("create", b.put("absent", "x", "&ifGenerationMatch=0"), http.StatusOK)
	b.expect("create again", b.put("absent", "x", "&ifGenerationMatch=0"), http.StatusPreconditionFailed)
	b.expect("compose of nothing", b.do("POST", b.object("c", "/compose"), `{"sourceObjects":[{"name":"nothing"}]}`), http.StatusNotFound)
}

func TestGCSReadsOfTheXMLAPI(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	o := b.must("folder/a b", "text")
	path := "/" + b.name + "/folder/a%20b"
	got := b.do("GET", path, "", "x-goog-if-generation-match: "+o.Generation)
	if got.body != "text" || got.header.Get("X-Goog-Metageneration") != "1" || got.header.Get("X-Goog-Generation") != o.Generation {
		t.Errorf("read answers %+v", got)
	}
	b.expect("another generation", b.do("GET", path, "", "x-goog-if-generation-match: 1"), http.StatusPreconditionFailed)
	b.expect("another metageneration", b.do("GET", path, "", "x-goog-if-metageneration-match: 2"), http.StatusPreconditionFailed)
	b.expect("absent", b.do("GET", "/"+b.name+"/absent", ""), http.StatusNotFound)
}

func TestGCSMetagenerationCountsChanges(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	first := b.must("o", "x")
	changed := b.do("PATCH", b.object("o", "?ifMetagenerationMatch=1"), `{"metadata":{"a":"b"}}`).resource(t)
	if changed.Generation != first.Generation || changed.Metageneration != "2" {
		t.Errorf("a change of metadata made %v of %v", changed, first)
	}
	b.expect("a change of what was", b.do("PATCH", b.object("o", "?ifMetagenerationMatch=1"), `{}`), http.StatusPreconditionFailed)
	if listed := b.do("GET", "/storage/v1/b/"+b.name+"/o", ""); !strings.Contains(listed.body, `"metageneration":"2"`) {
		t.Errorf("listed as %s", listed.body)
	}
	if again := b.must("o", "y"); again.Metageneration != "1" {
		t.Errorf("a new generation has metageneration %s", again.Metageneration)
	}
}

func TestGCSSourceConditions(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	o := b.must("source", "x")
	to := "/rewriteTo/b/" + b.name + "/o/copy?ifSourceGenerationMatch="
	b.expect("another source", b.do("POST", b.object("source", to+"1"), "{}"), http.StatusPreconditionFailed)
	b.expect("no copy", b.do("GET", b.object("copy", ""), ""), http.StatusNotFound)
	b.expect("the source", b.do("POST", b.object("source", to+o.Generation), "{}"), http.StatusOK)
	compose := `{"sourceObjects":[{"name":"source","objectPreconditions":{"ifGenerationMatch":"%s"}}]}`
	b.expect("another part", b.do("POST", b.object("all", "/compose"), fmt.Sprintf(compose, "1")), http.StatusPreconditionFailed)
	b.expect("the part", b.do("POST", b.object("all", "/compose"), fmt.Sprintf(compose, o.Generation)), http.StatusOK)
}

// start begins a resumable upload and returns its path.
func (b *gcsBucket) start(name, conditions string) string {
	b.Helper()
	got := b.do("POST", "/upload/storage/v1/b/"+b.name+"/o?uploadType=resumable&name="+name+conditions, "{}", "Content-Type: application/json")
	path, ok := strings.CutPrefix(got.header.Get("Location"), b.base)
	if got.status != http.StatusOK || !ok {
		b.Fatalf("start: %+v", got)
	}
	return path
}

func TestGCSResumableUpload(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	path := b.start("o", "&ifGenerationMatch=0")
	b.expect("first bytes", b.do("PUT", path, "abc", "Content-Range: bytes 0-2/*"), http.StatusPermanentRedirect)
	done := b.do("PUT", path, "def", "Content-Range: bytes 3-5/6")
	b.expect("last bytes", done, http.StatusOK)
	if got := b.do("GET", b.object("o", "?alt=media"), ""); got.body != "abcdef" {
		t.Errorf("uploaded %q", got.body)
	}
	again := b.do("PUT", path, "def", "Content-Range: bytes 3-5/6")
	if b.expect("the last bytes again", again, http.StatusOK); again.resource(t) != done.resource(t) {
		t.Errorf("the answer to the same bytes is %s, was %s", again.body, done.body)
	}
	b.expect("an upload that is not", b.do("PUT", "/upload/storage/v1/b/"+b.name+"/o?uploadType=resumable&upload_id=x", "x"), http.StatusNotFound)
}

// The condition of a resumable upload must hold when it is complete, also
// where it held when it began.
func TestGCSResumableUploadChecksAtItsEnd(t *testing.T) {
	t.Parallel()
	for name, last := range map[string]string{"known": "Content-Range: bytes 3-5/6", "told": "Content-Range: bytes */3"} {
		b := newGCSBucket(t)
		path := b.start("o", "&ifGenerationMatch=0&ifMetagenerationNotMatch=1")
		b.expect("first bytes", b.do("PUT", path, "abc", "Content-Range: bytes 0-2/*"), http.StatusPermanentRedirect)
		before := b.must("o", "of another")
		body := "def"
		if name == "told" {
			body = ""
		}
		b.expect(name, b.do("PUT", path, body, last), http.StatusPreconditionFailed)
		if after := b.do("GET", b.object("o", ""), "").resource(t); after != before {
			t.Errorf("%s: %v became %v", name, before, after)
		}
	}
}

func TestGCSMultipartUpload(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	body := "--x\r\nContent-Type: application/json\r\n\r\n{\"name\":\"from the body\"}\r\n--x\r\nContent-Type: text/plain\r\n\r\ntext\r\n--x--\r\n"
	path := "/upload/storage/v1/b/" + b.name + "/o?uploadType=multipart&ifGenerationMatch=0"
	b.expect("create", b.do("POST", path, body, "Content-Type: multipart/related; boundary=x"), http.StatusOK)
	b.expect("create again", b.do("POST", path, body, "Content-Type: multipart/related; boundary=x"), http.StatusPreconditionFailed)
	if got := b.do("GET", b.object("from the body", "?alt=media"), ""); got.body != "text" {
		t.Errorf("uploaded %q", got.body)
	}
}

func TestGCSRefusals(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	b.expect("a long name", b.put(strings.Repeat("n", 1025), "x", ""), http.StatusBadRequest)
	b.expect("a name of 1024 bytes", b.put(strings.Repeat("n", 1024), "x", ""), http.StatusOK)
	b.expect("a line break", b.put("a\nb", "x", ""), http.StatusBadRequest)
	b.expect("two dots", b.put("..", "x", ""), http.StatusBadRequest)
	b.expect("no number", b.put("o", "x", "&ifGenerationMatch=a"), http.StatusBadRequest)
	b.expect("a batch", b.do("POST", "/batch/storage/v1", ""), http.StatusNotImplemented)
}

// Of a conditional upload and conditional deletes of the same generation,
// exactly one succeeds, and an upload that succeeded is there.
func TestGCSConditionalPutAgainstDelete(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	const rounds, deleters = 20, 4
	for round := range rounds {
		name := fmt.Sprint("o", round)
		g := b.must(name, "old").Generation
		status := make([]int, deleters+1)
		var all sync.WaitGroup
		for i := range status {
			all.Go(func() {
				if i == 0 {
					status[i] = b.put(name, "new", "&ifGenerationMatch="+g).status
				} else {
					status[i] = b.do("DELETE", b.object(name, "?ifGenerationMatch="+g), "").status
				}
			})
		}
		all.Wait()
		won := 0
		for _, s := range status {
			if s/100 == 2 {
				won++
			}
		}
		if got := b.do("GET", b.object(name, "?alt=media"), ""); won != 1 || (status[0] == http.StatusOK) != (got.body == "new") {
			t.Errorf("round %d: put and deletes answer %v, then %d %q", round, status, got.status, got.body)
		}
	}
}

// A client that reads slowly does not keep writers away.
func TestGCSReaderKeepsNoLock(t *testing.T) {
	t.Parallel()
	b := newGCSBucket(t)
	big := strings.Repeat("x", 8<<20)
	g := b.must("o", big).Generation
	r, err := http.NewRequestWithContext(t.Context(), "GET", b.base+b.object("o", "?alt=media&ifGenerationMatch="+g), nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := noKeepAlive.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	b.expect("a write meanwhile", b.put("o", "new", "&ifGenerationMatch="+g), http.StatusOK)
	if got, err := io.ReadAll(answer.Body); err != nil || string(got) != big {
		t.Errorf("the reader got %d bytes, %v", len(got), err)
	}
}
