package gcsfront

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// hold reads the body of a request into memory and puts it back.
func hold(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, invalid("body: " + err.Error())
	}
	_ = r.Body.Close()
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	r.TransferEncoding = nil
	return body, nil
}

// nameFrom takes the name of a new object from the metadata in the body, if it
// is not in the query.
func (x *exchange) nameFrom(r *http.Request, body []byte) error {
	if x.name != "" || r.URL.Query().Get("uploadType") == "media" {
		return nil
	}
	if kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && strings.HasPrefix(kind, "multipart/") {
		first, err := multipart.NewReader(bytes.NewReader(body), params["boundary"]).NextPart()
		if err != nil {
			return invalid("body: " + err.Error())
		}
		if body, err = io.ReadAll(first); err != nil {
			return invalid("body: " + err.Error())
		}
	}
	var metadata struct{ Name string }
	if err := json.Unmarshal(body, &metadata); err != nil {
		return invalid("metadata: " + err.Error())
	}
	x.name = metadata.Name
	return nil
}

// sourcesFrom reads what is to be composed.
func (x *exchange) sourcesFrom(body []byte) error {
	var said struct {
		SourceObjects []struct {
			Name                string
			Generation          json.Number
			ObjectPreconditions struct{ IfGenerationMatch json.Number }
		}
	}
	if err := json.Unmarshal(body, &said); err != nil {
		return invalid("body: " + err.Error())
	}
	for _, s := range said.SourceObjects {
		demands, err := parseConditions(func(condition string) string {
			if condition == "GenerationMatch" {
				return s.ObjectPreconditions.IfGenerationMatch.String()
			}
			return ""
		})
		if err != nil {
			return err
		}
		x.sources = append(x.sources, part{object{x.bucket, s.Name}, s.Generation.String(), demands})
	}
	return nil
}

// refuseName refuses names that the real service has not.
func (x *exchange) refuseName() error {
	switch {
	case !x.kind.creates():
		return nil
	case x.name == "":
		return &failure{http.StatusBadRequest, "required", "Required object name"}
	case len(x.name) > 1024, strings.ContainsAny(x.name, "\r\n"), x.name == ".", x.name == "..":
		return invalid("the name of the object is not valid")
	}
	return nil
}

// upload is a resumable upload.
type upload struct {
	part
	received int64    // bytes
	last     *failure // the final answer, as one to give again
}

// begin remembers an upload by its address.
func (f *Front) begin(u *url.URL, p part) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.uploads[uploadID(u)] = &upload{part: p}
}

// uploadID is a parameter, or the last segment of the path.
func uploadID(u *url.URL) string {
	if id := u.Query().Get("upload_id"); id != "" {
		return id
	}
	return path.Base(u.Path)
}

// resume finds the upload that a chunk belongs to.
func (f *Front) resume(x *exchange, r *http.Request) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	x.upload = f.uploads[uploadID(r.URL)]
	if x.upload == nil {
		return &failure{http.StatusNotFound, "notFound", "there is no such upload"}
	}
	if r.Method == http.MethodDelete { // given up
		delete(f.uploads, uploadID(r.URL))
		x.operation, x.upload = operation{}, nil
		return nil
	}
	x.part = x.upload.part
	return nil
}

// completes reports whether the request has the last byte, or says that all
// have come. The caller has the lock of the object.
func (u *upload) completes(r *http.Request) bool {
	from, total, ok := strings.Cut(strings.TrimPrefix(r.Header.Get("Content-Range"), "bytes "), "/")
	if !ok {
		return u.last == nil // everything in one request
	}
	if _, to, ok := strings.Cut(from, "-"); ok {
		if end, err := strconv.ParseInt(to, 10, 64); err == nil {
			u.received = max(u.received, end+1)
		}
	}
	all, err := strconv.ParseInt(total, 10, 64)
	return err == nil && u.last == nil && u.received == all
}

// finish keeps the final answer.
func (u *upload) finish(answer *http.Response, body []byte) {
	if u.last == nil {
		u.last = &failure{status: answer.StatusCode, message: string(body)}
	}
}

// errReplay marks an answer that was given before.
var errReplay = errors.New("an upload that is complete")

// replay answers nil while the upload goes on.
func (u *upload) replay() error {
	if u.last == nil {
		return nil
	}
	return errors.Join(errReplay, u.last)
}
