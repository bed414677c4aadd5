package gcs

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"cloud.google.com/go/storage"

	"github.com/smarterbase/smarterbase/ports"
)

// cut sends the head and a part of the body, and breaks the connection.
func cut(w http.ResponseWriter, size int, part []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(size))
	w.Header().Set("X-Goog-Generation", "7")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(part)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

func TestABrokenDownloadIsResumedAtItsGeneration(t *testing.T) {
	t.Parallel()
	data := pattern(100 << 10)
	srv := newServer(t)
	var asked atomic.Int64
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if asked.Add(1) == 1 {
			cut(w, len(data), data[:50<<10])
		}
		if r.URL.Query().Get("generation") != "7" {
			t.Errorf("resumed with %s", r.URL.RawQuery)
		}
		var from int
		_, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &from)
		check(t, err)
		w.Header().Set("X-Goog-Generation", "7")
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(data[from:])
		return true
	}
	o, err := open(t, srv).Get(t.Context(), "k.bin", ports.GetOptions{})
	check(t, err)
	if !bytes.Equal(o.Data, data) || o.Version != "7" {
		t.Errorf("got %d bytes of version %s", len(o.Data), o.Version)
	}
}

// An object that was replaced can't be resumed. It is there all the same.
func TestABrokenDownloadOfWhatIsGoneIsNotNotFound(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	var asked atomic.Int64
	srv.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		if asked.Add(1) == 1 {
			cut(w, 100, []byte("x"))
		}
		return false // which has no generation 7
	}
	srv.put("k.bin", "new")
	_, err := open(t, srv).Get(t.Context(), "k.bin", ports.GetOptions{})
	wantErr(t, err, ports.ErrUnavailable, "a get that can't be resumed")
	if errors.Is(err, ports.ErrNotFound) {
		t.Errorf("a get of an object that is there answers %v", err)
	}
}

func TestADownloadIsNotResumedForEver(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	var asked atomic.Int64
	srv.intercept = func(w http.ResponseWriter, _ *http.Request) bool {
		asked.Add(1)
		cut(w, 100, nil)
		return true
	}
	_, err := open(t, srv).Get(t.Context(), "k.bin", ports.GetOptions{})
	wantErr(t, err, ports.ErrUnavailable, "a get from a server that breaks every connection")
	wantErr(t, err, errResumes, "that get")
	if n := asked.Load(); n > maxResumes {
		t.Errorf("it was asked %d times", n)
	}
}

func TestDamagedBytesAreCorrupt(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.put("k.bin", "right")
	damaged := srv.objects["k.bin"]
	damaged.data = []byte("wrong")
	srv.objects["k.bin"] = damaged
	store := open(t, srv)
	_, err := store.Get(t.Context(), "k.bin", ports.GetOptions{})
	wantErr(t, err, ports.ErrCorrupt, "get of damaged bytes")
	_, body, err := streamer(t, store).GetStream(t.Context(), "k.bin", ports.GetOptions{})
	check(t, err)
	_, err = io.ReadAll(body)
	wantErr(t, err, ports.ErrCorrupt, "stream of damaged bytes")
	check(t, body.Close())
	check(t, body.Close())
}

func TestAServerThatLeavesThingsOut(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		switch r.URL.EscapedPath() {
		case "/storage/v1/b/bucket/o/version":
			_, _ = io.WriteString(w, "data")
		case "/storage/v1/b/bucket/o/length":
			w.Header().Set("X-Goog-Generation", "7")
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "data")
		case "/storage/v1/b/bucket/o/condition", "/storage/v1/b/bucket/o/range":
			w.Header().Set("X-Goog-Generation", "7")
			_, _ = io.WriteString(w, "data")
		}
		return true
	}
	store := open(t, srv)
	for _, key := range []string{"version", "length"} {
		_, err := store.Get(t.Context(), key, ports.GetOptions{})
		wantErr(t, err, ports.ErrUnsupported, "get without "+key)
	}
	_, err := store.Get(t.Context(), "condition", ports.GetOptions{IfNoneMatch: "7"})
	wantErr(t, err, ports.ErrNotModified, "get from a server that ignores the condition")
	o, err := store.Get(t.Context(), "range", ports.GetOptions{Range: ports.Range{Length: 2}})
	if err != nil || string(o.Data) != "da" || o.Size != 4 {
		t.Errorf("a server that ignores the range gives %q, %d, %v", o.Data, o.Size, err)
	}
}

func packed(t *testing.T, data string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := io.WriteString(w, data)
	check(t, err)
	check(t, w.Close())
	return b.Bytes()
}

// What other programs store as gzip is read as it is stored.
func TestStoredGzipIsNotUnpacked(t *testing.T) {
	t.Parallel()
	data := packed(t, strings.Repeat("text", 1000))
	srv := newServer(t)
	srv.mu.Lock()
	srv.store(stored{Name: "k.gz", ContentEncoding: "gzip"}, data)
	srv.mu.Unlock()
	o, err := open(t, srv).Get(t.Context(), "k.gz", ports.GetOptions{})
	if err != nil || !bytes.Equal(o.Data, data) || o.Size != int64(len(data)) {
		t.Errorf("got %d bytes of %d, %v", len(o.Data), len(data), err)
	}
	o, err = open(t, srv).Get(t.Context(), "k.gz", ports.GetOptions{Range: ports.Range{Offset: 2, Length: 5}})
	if err != nil || !bytes.Equal(o.Data, data[2:7]) {
		t.Errorf("a range gives %d bytes, %v", len(o.Data), err)
	}
	_, err = openNew(t, srv, storage.WithJSONReads()).Get(t.Context(), "k.gz", ports.GetOptions{})
	wantErr(t, err, ports.ErrUnsupported, "get by a client that unpacks")
}

// A server may compress an answer for the journey.
func TestGzipOfTheJourneyIsUnpacked(t *testing.T) {
	t.Parallel()
	plain := strings.Repeat("text", 1000)
	srv := newServer(t)
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		part, status := plain, http.StatusOK
		if r.Header.Get("Range") != "" {
			part, status = plain[4:10], http.StatusPartialContent
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 4-9/%d", len(plain)))
		}
		w.Header().Set("X-Goog-Generation", "7")
		w.Header().Set(encodingHeader, "gzip")
		w.Header().Set(storedHeader, "identity")
		w.Header().Set(lengthHeader, strconv.Itoa(len(plain)))
		w.WriteHeader(status)
		body := packed(t, part)
		if strings.Contains(r.URL.Path, "short") {
			body = body[:len(body)/2]
		}
		_, _ = w.Write(body)
		return true
	}
	store := open(t, srv)
	o, err := store.Get(t.Context(), "k.json", ports.GetOptions{})
	if err != nil || string(o.Data) != plain {
		t.Errorf("got %d bytes, %v", len(o.Data), err)
	}
	o, err = store.Get(t.Context(), "k.json", ports.GetOptions{Range: ports.Range{Offset: 4, Length: 6}})
	if err != nil || string(o.Data) != plain[4:10] || o.Size != int64(len(plain)) {
		t.Errorf("a range gives %q of %d, %v", o.Data, o.Size, err)
	}
	_, err = store.Get(t.Context(), "short.json", ports.GetOptions{})
	wantErr(t, err, ports.ErrUnavailable, "get of a compressed answer that is cut")
}
