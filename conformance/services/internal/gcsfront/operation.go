package gcsfront

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// kind is what a request does.
type kind int

const (
	other   kind = iota // nothing that a condition could be about
	read                // the bytes of an object
	stat                // its metadata
	list                // several
	insert              // an upload in one request
	start               // of a resumable upload
	chunk               // of a resumable upload
	update              // of metadata
	remove              // an object
	rewrite             // a copy
	compose             // of several into one
	batch
)

func (k kind) writes() bool { return k >= insert && k <= compose }
func (k kind) creates() bool {
	return k == insert || k == start || k == chunk || k == rewrite || k == compose
}

type object struct{ bucket, name string }

// part is an object, one of its generations ("" is the newest), and what is
// demanded of it.
type part struct {
	object
	generation string
	conditions conditions
}

// operation is a request understood.
type operation struct {
	kind kind
	xml  bool
	part
	sources []part
}

func (o *operation) conditional() bool { return !o.conditions.empty() }

// objects are those that must not change meanwhile.
func (o *operation) objects() []object {
	list := []object{o.object}
	for _, s := range o.sources {
		list = append(list, s.object)
	}
	return list
}

// parse understands the line and the headers of a request.
func parse(r *http.Request) (operation, error) {
	segments, err := split(r.URL)
	if err != nil {
		return operation{}, invalid("path: " + err.Error())
	}
	method := r.Method
	if override := r.Header.Get("X-HTTP-Method-Override"); override != "" {
		method = override
	}
	query := r.URL.Query()
	switch {
	case starts(segments, "storage", "v1", "b", "*", "o"):
		return parseJSON(method, segments[3], segments[5:], query)
	case starts(segments, "download", "storage", "v1", "b", "*", "o", "*"):
		return parseObject(read, segments[4], segments[6:], query)
	case starts(segments, "upload", "storage", "v1", "b", "*", "o"):
		return parseUpload(segments[4], query)
	case starts(segments, "upload", "resumable"):
		return operation{kind: chunk}, nil
	case starts(segments, "batch"):
		return operation{kind: batch}, &failure{http.StatusNotImplemented, "notImplemented", "batch requests would go past preconditions"}
	case starts(segments, "storage"), starts(segments, "_internal"), len(segments) < 2:
		return operation{}, nil
	}
	return parseXML(method, segments[0], segments[1:], r)
}

// split returns the segments of a path, each unescaped on its own: a name of
// an object is one, with escaped slashes, but clients that don't escape are
// understood.
func split(u *url.URL) ([]string, error) {
	segments := strings.Split(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	for i, s := range segments {
		var err error
		if segments[i], err = url.PathUnescape(s); err != nil {
			return nil, err
		}
	}
	return segments, nil
}

// starts compares the first segments; "*" stands for any.
func starts(segments []string, want ...string) bool {
	if len(segments) < len(want) {
		return false
	}
	for i, w := range want {
		if w != "*" && segments[i] != w {
			return false
		}
	}
	return true
}

// parseJSON understands a request to the objects of a bucket.
func parseJSON(method, bucket string, rest []string, query url.Values) (operation, error) {
	if len(rest) == 0 || rest[0] == "" && len(rest) == 1 {
		return operation{kind: list}, nil
	}
	if i := slices.IndexFunc(rest, func(s string) bool { return s == "rewriteTo" || s == "copyTo" }); i > 0 && starts(rest[i+1:], "b", "*", "o", "*") {
		return parseRewrite(object{bucket, strings.Join(rest[:i], "/")}, object{rest[i+2], strings.Join(rest[i+4:], "/")}, query)
	}
	if slices.Contains(rest[1:], "acl") {
		return operation{}, nil
	}
	if last := len(rest) - 1; last > 0 && rest[last] == "compose" {
		return parseObject(compose, bucket, rest[:last], query)
	}
	switch method {
	case http.MethodDelete:
		return parseObject(remove, bucket, rest, query)
	case http.MethodPatch, http.MethodPut, http.MethodPost:
		return parseObject(update, bucket, rest, query)
	case http.MethodGet, http.MethodHead:
		if query.Get("alt") == "media" {
			return parseObject(read, bucket, rest, query)
		}
		return parseObject(stat, bucket, rest, query)
	}
	return operation{}, nil
}

func parseObject(k kind, bucket string, name []string, query url.Values) (operation, error) {
	demands, err := parseConditions(func(condition string) string { return query.Get("if" + condition) })
	return operation{kind: k, part: part{object{bucket, strings.Join(name, "/")}, query.Get("generation"), demands}}, err
}

func parseRewrite(from, to object, query url.Values) (operation, error) {
	o, err := parseObject(rewrite, to.bucket, []string{to.name}, query)
	if err != nil {
		return o, err
	}
	o.generation = ""
	demands, err := parseConditions(func(condition string) string { return query.Get("ifSource" + condition) })
	o.sources = []part{{from, query.Get("sourceGeneration"), demands}}
	return o, err
}

// parseUpload leaves the name to the body where the query has none.
func parseUpload(bucket string, query url.Values) (operation, error) {
	k := insert
	switch {
	case query.Has("upload_id"):
		return operation{kind: chunk}, nil
	case query.Get("uploadType") == "resumable":
		k = start
	}
	return parseObject(k, bucket, []string{query.Get("name")}, query)
}

// parseXML understands a request of the XML API, whose conditions are headers.
func parseXML(method, bucket string, name []string, r *http.Request) (operation, error) {
	k := read
	switch method {
	case http.MethodPut, http.MethodPost:
		k = insert
	case http.MethodDelete:
		k = remove
	}
	demands, err := parseConditions(func(condition string) string { return r.Header.Get(headers[condition]) })
	return operation{kind: k, xml: true, part: part{object{bucket, strings.Join(name, "/")}, r.URL.Query().Get("generation"), demands}}, err
}
