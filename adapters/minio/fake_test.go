package minio

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// fake is a server with one bucket, "bucket", as the transport of a client. It
// counts requests, and lies as it is told.
type fake struct {
	mu       sync.Mutex
	objects  map[string]fakeObject
	uploads  map[string]map[int][]byte
	requests []string // method, path and query

	// Before is called with each request, outside of the lock. What it answers
	// is the answer, unless both are nil.
	before func(*http.Request) (*http.Response, error)

	ignoreAbsent, ignoreMatch, createMissing, ignoreRange, hideLast, listOther bool
	losesPlace, backwards                                                      bool // see walk.resume; it keeps nothing for tokens
	spare                                                                      int  // so many wrong If-Match are let through
}

type fakeObject struct {
	data []byte
	etag string
	at   time.Time
}

func newFake() *fake {
	return &fake{objects: map[string]fakeObject{}, uploads: map[string]map[int][]byte{}}
}

// RoundTrip reads the whole body before it does anything, as servers do.
func (f *fake) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		check := req.Body.Close()
		if check != nil {
			return nil, check
		}
	}
	f.mu.Lock()
	f.requests = append(f.requests, req.Method+" "+req.URL.Path+"?"+req.URL.RawQuery)
	f.mu.Unlock()
	if f.before != nil {
		if resp, err := f.before(req); resp != nil || err != nil {
			return resp, err
		}
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	bucket, name, _ := strings.Cut(strings.TrimPrefix(req.URL.Path, "/"), "/")
	if bucket != "bucket" {
		return failure(http.StatusNotFound, "NoSuchBucket"), nil
	}
	return f.answer(req, name, body), nil
}

func (f *fake) answer(req *http.Request, name string, body []byte) *http.Response {
	query := req.URL.Query()
	switch {
	case name == "" && req.Method == http.MethodHead:
		return reply(http.StatusOK, nil, "")
	case name == "" && query.Has("delete"):
		return f.deleteMany(body)
	case name == "":
		return f.list(query)
	case query.Has("uploads"):
		id := strconv.Itoa(len(f.uploads) + 1)
		f.uploads[id] = map[int][]byte{}
		return reply(http.StatusOK, nil, "<InitiateMultipartUploadResult><UploadId>"+id+"</UploadId></InitiateMultipartUploadResult>")
	case query.Has("uploadId"):
		return f.part(req, name, query, body)
	}
	return f.object(req, name, body)
}

func (f *fake) object(req *http.Request, name string, body []byte) *http.Response {
	old, found := f.objects[name]
	switch req.Method {
	case http.MethodPut:
		if refusal := f.refusal(req.Header, old, found); refusal != nil {
			return refusal
		}
		return reply(http.StatusOK, http.Header{"Etag": {quoted(f.store(name, body, ""))}}, "")
	case http.MethodDelete:
		delete(f.objects, name)
		return reply(http.StatusNoContent, nil, "")
	}
	if !found {
		return failure(http.StatusNotFound, "NoSuchKey")
	}
	header := http.Header{"Etag": {quoted(old.etag)}, "Last-Modified": {old.at.Format(http.TimeFormat)}}
	if req.Header.Get("If-None-Match") == quoted(old.etag) {
		return reply(http.StatusNotModified, header, "")
	}
	data, status := old.data, http.StatusOK
	if asked := req.Header.Get("Range"); asked != "" && !f.ignoreRange {
		from, to, ok := askedRange(asked, int64(len(data)))
		if !ok {
			return failure(http.StatusRequestedRangeNotSatisfiable, "InvalidRange")
		}
		header.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to-1, len(data)))
		data, status = data[from:to], http.StatusPartialContent
	}
	header.Set("Content-Length", strconv.Itoa(len(data)))
	return reply(status, header, string(data))
}

func askedRange(asked string, size int64) (from, to int64, ok bool) {
	first, last, _ := strings.Cut(strings.TrimPrefix(asked, "bytes="), "-")
	from, _ = strconv.ParseInt(first, 10, 64)
	to = size
	if end, err := strconv.ParseInt(last, 10, 64); err == nil {
		to = min(size, end+1)
	}
	return from, to, from < size
}

// refusal is the answer to a write whose condition does not hold.
func (f *fake) refusal(header http.Header, old fakeObject, found bool) *http.Response {
	if header.Get("If-None-Match") == "*" && found && !f.ignoreAbsent {
		return failure(http.StatusPreconditionFailed, "PreconditionFailed")
	}
	match := header.Get("If-Match")
	switch {
	case match == "" || f.ignoreMatch:
	case !found && !f.createMissing:
		return failure(http.StatusNotFound, "NoSuchKey")
	case found && match != quoted(old.etag):
		if f.spare--; f.spare >= 0 {
			return nil
		}
		return failure(http.StatusPreconditionFailed, "PreconditionFailed")
	}
	return nil
}

func (f *fake) store(name string, data []byte, suffix string) string {
	etag := fmt.Sprintf("%x%s", md5.Sum(data), suffix)
	f.objects[name] = fakeObject{data: data, etag: etag, at: time.Unix(1_800_000_000, 0).UTC()}
	return etag
}

func (f *fake) part(req *http.Request, name string, query url.Values, body []byte) *http.Response {
	id := query.Get("uploadId")
	parts, found := f.uploads[id]
	switch {
	case !found:
		return failure(http.StatusNotFound, "NoSuchUpload")
	case req.Method == http.MethodPut:
		number, _ := strconv.Atoi(query.Get("partNumber"))
		parts[number] = body
		return reply(http.StatusOK, http.Header{"Etag": {fmt.Sprintf(`"%x"`, md5.Sum(body))}}, "")
	case req.Method == http.MethodDelete:
		delete(f.uploads, id)
		return reply(http.StatusNoContent, nil, "")
	}
	old, there := f.objects[name]
	if refusal := f.refusal(req.Header, old, there); refusal != nil {
		return refusal
	}
	var data []byte
	for number := 1; number <= len(parts); number++ {
		data = append(data, parts[number]...)
	}
	delete(f.uploads, id)
	etag := f.store(name, data, fmt.Sprintf("-%d", len(parts)))
	return reply(http.StatusOK, nil, "<CompleteMultipartUploadResult><Bucket>bucket</Bucket><ETag>&#34;"+etag+"&#34;</ETag></CompleteMultipartUploadResult>")
}

func (f *fake) list(query url.Values) *http.Response {
	after, limit := query.Get("start-after"), 1000
	if token := query.Get("continuation-token"); token != "" {
		after = token
	}
	if n, err := strconv.Atoi(query.Get("max-keys")); err == nil {
		limit = min(limit, n)
	}
	start := after
	if base := folderOf(query.Get("prefix")); f.losesPlace && len(after) > len(base) {
		name, _, _ := strings.Cut(after[len(base):], "/")
		start = base + name
	}
	var names []string
	for name := range f.objects {
		if strings.HasPrefix(name, query.Get("prefix")) && name >= start {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if f.losesPlace {
		names = names[:min(len(names), limit+2)]
	}
	names = slices.DeleteFunc(names, func(name string) bool { return name <= after })
	if f.backwards {
		slices.Reverse(names)
	}
	if f.hideLast && len(names) > 0 {
		names = names[:len(names)-1]
	}
	var b strings.Builder
	b.WriteString("<ListBucketResult><EncodingType>url</EncodingType>")
	for _, name := range names[:min(limit, len(names))] {
		etag := f.objects[name].etag
		if f.listOther {
			etag = "0" + etag
		}
		fmt.Fprintf(&b, "<Contents><Key>%s</Key><LastModified>2026-01-02T03:04:05.678Z</LastModified><ETag>&#34;%s&#34;</ETag><Size>%d</Size></Contents>",
			url.QueryEscape(name), etag, len(f.objects[name].data))
	}
	if len(names) > limit {
		b.WriteString("<IsTruncated>true</IsTruncated><NextContinuationToken>")
		_ = xml.EscapeText(&b, []byte(names[limit-1]))
		b.WriteString("</NextContinuationToken>")
	}
	return reply(http.StatusOK, nil, b.String()+"</ListBucketResult>")
}

// deleteMany refuses names that contain "locked".
func (f *fake) deleteMany(body []byte) *http.Response {
	var asked struct {
		Object []struct{ Key string }
	}
	_ = xml.Unmarshal(body, &asked)
	var b strings.Builder
	for _, o := range asked.Object {
		var key strings.Builder
		_ = xml.EscapeText(&key, []byte(o.Key))
		if strings.Contains(o.Key, "locked") {
			fmt.Fprintf(&b, "<Error><Key>%s</Key><Code>AccessDenied</Code><Message>no</Message></Error>", &key)
			continue
		}
		delete(f.objects, o.Key)
		fmt.Fprintf(&b, "<Deleted><Key>%s</Key></Deleted>", &key)
	}
	return reply(http.StatusOK, nil, "<DeleteResult>"+b.String()+"</DeleteResult>")
}

// count returns how many requests of that kind were made.
func (f *fake) count(kind string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, request := range f.requests {
		if strings.HasPrefix(request, kind) {
			n++
		}
	}
	return n
}

func quoted(etag string) string { return `"` + etag + `"` }

func reply(status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprint(status, " ", http.StatusText(status)), Header: header,
		Body: io.NopCloser(bytes.NewReader([]byte(body))), ContentLength: int64(len(body)),
	}
}

func failure(status int, code string) *http.Response {
	return reply(status, nil, "<Error><Code>"+code+"</Code><Message>said by the fake</Message></Error>")
}
