package gcs

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// server is a bucket in memory that speaks as much of the JSON API as the
// client uses, with the conditions of the real one.
type server struct {
	*httptest.Server

	// intercept, if not nil, sees each request first; true: it has answered.
	intercept func(w http.ResponseWriter, r *http.Request) bool

	mu       sync.Mutex
	objects  map[string]stored
	sessions map[string]*session
	clock    int64
	log      []string // method and kind of each request
}

type stored struct {
	Name            string `json:"name"`
	Generation      string `json:"generation"`
	Size            string `json:"size"`
	Updated         string `json:"updated"`
	Crc32c          string `json:"crc32c"`
	ContentType     string `json:"contentType,omitempty"`
	ContentEncoding string `json:"contentEncoding,omitempty"`
	data            []byte
}

type session struct {
	meta stored
	cond string
	data []byte
}

const bucketName = "bucket"

func newServer(t testing.TB) *server {
	t.Helper()
	s := &server{objects: map[string]stored{}, sessions: map[string]*session{}, clock: time.Now().UnixMicro()}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// requests returns what was asked since the last time.
func (s *server) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	log := s.log
	s.log = nil
	return log
}

func (s *server) put(name, data string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(stored{Name: name}, []byte(data))
}

func (s *server) data(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.objects[name].data)
}

// ServeHTTP reads the path escaped: keys hold slashes.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.intercept != nil && s.intercept(w, r) {
		return
	}
	q := r.URL.Query()
	path, upload := strings.CutPrefix(r.URL.EscapedPath(), "/upload")
	name, one := strings.CutPrefix(path, "/storage/v1/b/"+bucketName+"/o/")
	xmlName, xml := strings.CutPrefix(path, "/"+bucketName+"/")
	if xml {
		name = xmlName
	}
	name = unescape(name)
	switch {
	case xml:
		s.media(w, r, name)
	case q.Get("upload_id") != "":
		s.chunk(w, r, q.Get("upload_id"))
	case path != "/storage/v1/b/"+bucketName+"/o" && !one:
		answerError(w, http.StatusNotFound, "The specified bucket does not exist.")
	case upload && q.Get("uploadType") == "resumable":
		s.begin(w, r)
	case upload:
		s.multipart(w, r)
	case !one:
		s.list(w, r)
	case r.Method == http.MethodDelete:
		s.remove(w, r, name)
	case q.Get("alt") == "media":
		s.media(w, r, name)
	default:
		s.note("stat")
		if object, ok := s.find(w, name, r); ok {
			answer(w, object)
		}
	}
}

func (s *server) note(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, what)
}

// find answers for an object that is absent or that the conditions exclude.
func (s *server) find(w http.ResponseWriter, name string, r *http.Request) (stored, bool) {
	s.mu.Lock()
	object, ok := s.objects[name]
	s.mu.Unlock()
	q := r.URL.Query()
	switch {
	case !ok, q.Has("generation") && q.Get("generation") != object.Generation:
		answerError(w, http.StatusNotFound, "No such object: "+bucketName+"/"+name)
	case q.Get("ifGenerationNotMatch") == object.Generation:
		w.WriteHeader(http.StatusNotModified)
	default:
		return object, true
	}
	return stored{}, false
}

// holds is called under the lock.
func (s *server) holds(name, ifGenerationMatch string) bool {
	object, ok := s.objects[name]
	switch ifGenerationMatch {
	case "":
		return true
	case "0":
		return !ok
	}
	return ok && object.Generation == ifGenerationMatch
}

// store is called under the lock.
func (s *server) store(meta stored, data []byte) stored {
	s.clock++
	meta.Generation = strconv.FormatInt(s.clock, 10)
	meta.Size, meta.data = strconv.Itoa(len(data)), data
	meta.Updated = time.Now().UTC().Format(time.RFC3339Nano)
	meta.Crc32c = base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli)))
	s.objects[meta.Name] = meta
	return meta
}

func (s *server) commit(w http.ResponseWriter, meta stored, data []byte, cond string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.holds(meta.Name, cond) {
		answerError(w, http.StatusPreconditionFailed, "At least one of the pre-conditions you specified did not hold.")
		return
	}
	claimed := meta.Crc32c
	if object := (stored{Crc32c: base64.StdEncoding.EncodeToString(binary.BigEndian.AppendUint32(nil, crc32.Checksum(data, castagnoli)))}); claimed != "" && claimed != object.Crc32c {
		answerError(w, http.StatusBadRequest, fmt.Sprintf("Provided CRC32C %q doesn't match calculated CRC32C %q.", claimed, object.Crc32c))
		return
	}
	answer(w, s.store(meta, data))
}

func (s *server) multipart(w http.ResponseWriter, r *http.Request) {
	s.note("put")
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	parts := multipart.NewReader(r.Body, params["boundary"])
	var meta stored
	var head, body []byte
	for _, into := range []*[]byte{&head, &body} {
		var part *multipart.Part
		if err == nil {
			part, err = parts.NextPart()
		}
		if err == nil {
			*into, err = io.ReadAll(part)
		}
	}
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body) // a body that was cut fails here
	}
	if err == nil {
		err = json.Unmarshal(head, &meta)
	}
	if err != nil {
		answerError(w, http.StatusBadRequest, err.Error())
		return
	}
	s.commit(w, meta, body, r.URL.Query().Get("ifGenerationMatch"))
}

func (s *server) begin(w http.ResponseWriter, r *http.Request) {
	s.note("begin")
	var meta stored
	if err := json.NewDecoder(r.Body).Decode(&meta); err != nil {
		answerError(w, http.StatusBadRequest, err.Error())
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := strconv.Itoa(len(s.sessions))
	s.sessions[id] = &session{meta: meta, cond: r.URL.Query().Get("ifGenerationMatch")}
	w.Header().Set("Location", s.URL+"/upload/storage/v1/b/"+bucketName+"/o?upload_id="+id)
}

func (s *server) chunk(w http.ResponseWriter, r *http.Request, id string) {
	s.note("chunk")
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	up := s.sessions[id]
	s.mu.Unlock()
	if err != nil || up == nil {
		answerError(w, http.StatusNotFound, "Not Found")
		return
	}
	span, total, _ := strings.Cut(strings.TrimPrefix(r.Header.Get("Content-Range"), "bytes "), "/")
	from := len(up.data)
	if first, _, ok := strings.Cut(span, "-"); ok {
		from, _ = strconv.Atoi(first)
	}
	up.data = append(up.data[:from], body...)
	if total == "*" {
		w.Header().Set("X-Http-Status-Code-Override", "308")
		return
	}
	up.meta.Crc32c = strings.TrimPrefix(r.Header.Get("X-Goog-Hash"), "crc32c=")
	s.commit(w, up.meta, up.data, up.cond)
}

func (s *server) remove(w http.ResponseWriter, r *http.Request, name string) {
	s.note("delete")
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.objects[name]; !ok {
		answerError(w, http.StatusNotFound, "No such object: "+bucketName+"/"+name)
		return
	}
	if !s.holds(name, r.URL.Query().Get("ifGenerationMatch")) {
		answerError(w, http.StatusPreconditionFailed, "conditionNotMet")
		return
	}
	delete(s.objects, name)
	w.WriteHeader(http.StatusNoContent)
}

func (s *server) media(w http.ResponseWriter, r *http.Request, name string) {
	s.note("get")
	object, ok := s.find(w, name, r)
	if !ok {
		return
	}
	data, status := object.data, http.StatusOK
	if spec, ranged := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ranged {
		first, last, _ := strings.Cut(spec, "-")
		from, _ := strconv.Atoi(first)
		to, err := strconv.Atoi(last)
		if from >= len(data) {
			answerError(w, http.StatusRequestedRangeNotSatisfiable, "The requested range cannot be satisfied.")
			return
		}
		if err != nil || to >= len(data) {
			to = len(data) - 1
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(data)))
		data, status = data[from:to+1], http.StatusPartialContent
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	w.Header().Set("X-Goog-Generation", object.Generation)
	w.Header().Set("X-Goog-Hash", "crc32c="+object.Crc32c)
	if object.ContentEncoding != "" {
		w.Header().Set("Content-Encoding", object.ContentEncoding)
		w.Header().Set("X-Goog-Stored-Content-Encoding", object.ContentEncoding)
	}
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

func (s *server) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	s.note("list")
	s.mu.Lock()
	defer s.mu.Unlock()
	most, _ := strconv.Atoi(q.Get("maxResults"))
	page := struct {
		Items []stored `json:"items"`
		Next  string   `json:"nextPageToken,omitempty"`
	}{}
	var names []string
	for name := range s.objects {
		if strings.HasPrefix(name, q.Get("prefix")) && name >= q.Get("startOffset") && name >= q.Get("pageToken") &&
			(q.Get("endOffset") == "" || name < q.Get("endOffset")) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if len(page.Items) == min(most, 1000) {
			page.Next = name
			break
		}
		page.Items = append(page.Items, s.objects[name])
	}
	answer(w, page)
}

func answer(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }

func answerError(w http.ResponseWriter, status int, message string) {
	w.WriteHeader(status)
	answer(w, map[string]any{"error": map[string]any{"code": status, "message": message}})
}
