package s3

import (
	"crypto/md5" // what ETags are made of
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/conformance"
)

func TestMain(m *testing.M) { conformance.Main(m) }

// fake is a server with one bucket "b" in memory. Its lies are set before it is
// used.
type fake struct {
	url string

	ignoreCreate, ignoreMatch, createOnMatch    bool // lies about conditions of puts
	ignoreDelete, missingDelete, ignoreComplete bool // and of the rest
	refuseNested, hideNested, listNothing       bool
	everyCreateWins, backwards, noDeleteObjects bool
	ignoreCompleteMatch, createOnComplete       bool
	losesPlace                                  bool // see resume.go; it keeps nothing for tokens
	intercept                                   func(w http.ResponseWriter, r *http.Request, body []byte) bool

	mu       sync.Mutex
	objects  map[string]stored
	uploads  map[string]map[int][]byte
	requests []string // "PUT key?query"
}

type stored struct {
	data []byte
	etag string
	at   time.Time
}

func newFake(t testing.TB, configure func(*fake)) *fake {
	t.Helper()
	f := &fake{objects: map[string]stored{}, uploads: map[string]map[int][]byte{}}
	if configure != nil {
		configure(f)
	}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// config opens the fake without a probe.
func (f *fake) config() Config {
	return Config{
		Bucket: "b", Endpoint: f.url, AccessKey: "key", SecretKey: "secret",
		SkipProbe: true, Facts: Facts{ConditionalDelete: true, MissingDelete: true, ConditionalUpload: true, Nesting: NestingFull},
	}
}

func open(t testing.TB, c Config) *Store {
	t.Helper()
	s, err := Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func (f *fake) count(prefix string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.requests {
		if strings.HasPrefix(r, prefix) {
			n++
		}
	}
	return n
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/b"), "/")
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+key+"?"+r.URL.RawQuery)
	f.mu.Unlock()
	if f.intercept != nil && f.intercept(w, r, body) {
		return
	}
	query := r.URL.Query()
	if key != "" && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		f.get(w, r, key)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case key == "" && r.Method == http.MethodGet:
		f.list(w, query)
	case key == "" && r.Method == http.MethodPost:
		f.deleteObjects(w, body)
	case key == "":
	case query.Has("uploads"):
		id := fmt.Sprintf("upload-%d", len(f.uploads))
		f.uploads[id] = map[int][]byte{}
		fmt.Fprintf(w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
	case query.Has("uploadId"):
		f.upload(w, r, key, query, body)
	case r.Method == http.MethodPut:
		f.put(w, r, key, body, f.ignoreCreate, f.ignoreMatch)
	default:
		f.delete(w, r, key)
	}
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>as told</Message></Error>", code)
}

func (f *fake) nested(key string) bool {
	for other := range f.objects {
		if strings.HasPrefix(other, key+"/") || strings.HasPrefix(key, other+"/") {
			return true
		}
	}
	return false
}

// put answers a write; its answer has an ETag header, or is a refusal.
func (f *fake) put(w http.ResponseWriter, r *http.Request, key string, data []byte, ignoreCreate, ignoreMatch bool) bool {
	old, there := f.objects[key]
	match := r.Header.Get("If-Match")
	switch {
	case f.refuseNested && f.nested(key):
		refuse(w, 409, "ObjectParentIsFile")
	case r.Header.Get("If-None-Match") == "*" && there && !ignoreCreate && (!f.everyCreateWins || !strings.HasSuffix(key, "race.json")):
		refuse(w, 412, "PreconditionFailed")
	case match != "" && !there && !f.createOnMatch:
		refuse(w, 404, "NoSuchKey")
	case match != "" && there && match != old.etag && !ignoreMatch:
		refuse(w, 412, "PreconditionFailed")
	default:
		s := stored{data: data, etag: fmt.Sprintf(`"%x"`, md5.Sum(data)), at: time.Now().UTC()}
		f.objects[key] = s
		w.Header().Set("ETag", s.etag)
		return true
	}
	return false
}

func (f *fake) delete(w http.ResponseWriter, r *http.Request, key string) {
	old, there := f.objects[key]
	match := r.Header.Get("If-Match")
	switch {
	case match != "" && there && match != old.etag && !f.ignoreDelete:
		refuse(w, 412, "PreconditionFailed")
	case match != "" && !there && !f.missingDelete && !f.ignoreDelete:
		refuse(w, 404, "NoSuchKey")
	default:
		delete(f.objects, key)
		w.WriteHeader(http.StatusNoContent)
	}
}

func (f *fake) get(w http.ResponseWriter, r *http.Request, key string) {
	f.mu.Lock()
	s, there := f.objects[key]
	f.mu.Unlock()
	if !there {
		refuse(w, 404, "NoSuchKey")
		return
	}
	w.Header().Set("ETag", s.etag)
	http.ServeContent(w, r, "", s.at, strings.NewReader(string(s.data)))
}

func (f *fake) upload(w http.ResponseWriter, r *http.Request, key string, query url.Values, body []byte) {
	id := query.Get("uploadId")
	parts, there := f.uploads[id]
	switch {
	case !there:
		refuse(w, 404, "NoSuchUpload")
	case r.Method == http.MethodPut:
		number, _ := strconv.Atoi(query.Get("partNumber"))
		parts[number] = body
		w.Header().Set("ETag", fmt.Sprintf(`"part-%d"`, number))
	case r.Method == http.MethodDelete:
		delete(f.uploads, id)
		w.WriteHeader(http.StatusNoContent)
	default:
		f.complete(w, r, key, id, body)
	}
}

func (f *fake) complete(w http.ResponseWriter, r *http.Request, key, id string, body []byte) {
	var asked struct{ Part []struct{ PartNumber int } }
	if err := xml.Unmarshal(body, &asked); err != nil {
		refuse(w, 400, "MalformedXML")
		return
	}
	var whole []byte
	for _, p := range asked.Part {
		whole = append(whole, f.uploads[id][p.PartNumber]...)
	}
	if _, there := f.objects[key]; f.createOnComplete && !there {
		r.Header.Del("If-Match")
	}
	if f.put(w, r, key, whole, f.ignoreComplete, f.ignoreComplete || f.ignoreCompleteMatch) {
		delete(f.uploads, id)
		fmt.Fprintf(w, "<CompleteMultipartUploadResult><ETag>%s</ETag></CompleteMultipartUploadResult>", escape(f.objects[key].etag))
	}
}

func (f *fake) deleteObjects(w http.ResponseWriter, body []byte) {
	var asked struct{ Object []struct{ Key string } }
	if err := xml.Unmarshal(body, &asked); err != nil || f.noDeleteObjects {
		refuse(w, 501, "NotImplemented")
		return
	}
	fmt.Fprint(w, "<DeleteResult>")
	for _, o := range asked.Object {
		if strings.HasPrefix(o.Key, "locked") {
			fmt.Fprintf(w, "<Error><Key>%s</Key><Code>AccessDenied</Code><Message>locked</Message></Error>", escape(o.Key))
			continue
		}
		delete(f.objects, o.Key)
		fmt.Fprintf(w, "<Deleted><Key>%s</Key></Deleted>", escape(o.Key))
	}
	fmt.Fprint(w, "</DeleteResult>")
}

func (f *fake) list(w http.ResponseWriter, query url.Values) {
	limit := 1000
	if query.Has("max-keys") {
		limit, _ = strconv.Atoi(query.Get("max-keys"))
	}
	keys := slices.Sorted(maps.Keys(f.objects))
	if f.backwards {
		slices.Reverse(keys)
	}
	if f.listNothing {
		keys = nil
	}
	after := max(query.Get("start-after"), query.Get("continuation-token"))
	var entries strings.Builder
	n, last, more := 0, "", false
	if base := folderOf(query.Get("prefix")); f.losesPlace && len(after) > len(base) {
		name, _, _ := strings.Cut(after[len(base):], "/")
		keys = slices.DeleteFunc(keys, func(key string) bool { return key < base+name || !strings.HasPrefix(key, query.Get("prefix")) })
		keys = keys[:min(len(keys), limit+2)]
	}
	for _, key := range keys {
		s := f.objects[key]
		if !strings.HasPrefix(key, query.Get("prefix")) || (key <= after && !f.backwards) || (f.hideNested && f.hidden(key)) {
			continue
		}
		if n == limit {
			more = true
			break
		}
		n, last = n+1, key
		fmt.Fprintf(&entries, "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size><StorageClass>STANDARD</StorageClass></Contents>",
			escape(url.QueryEscape(key)), s.at.Format("2006-01-02T15:04:05.000Z"), escape(s.etag), len(s.data))
	}
	token := ""
	if more {
		token = "<NextContinuationToken>" + escape(last) + "</NextContinuationToken>"
	}
	fmt.Fprintf(w, "%s<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><Prefix></Prefix>%s<KeyCount>%d</KeyCount><IsTruncated>%v</IsTruncated>%s<EncodingType>url</EncodingType></ListBucketResult>",
		xml.Header, entries.String(), n, more, token)
}

func (f *fake) hidden(key string) bool {
	for other := range f.objects {
		if strings.HasPrefix(key, other+"/") {
			return true
		}
	}
	return false
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return b.String()
}
