package gcs

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"google.golang.org/api/googleapi"

	"github.com/smarterbase/smarterbase/ports"
)

func pattern(size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>15)
	}
	return data
}

// smallChunks makes streams of a few hundred KiB take several chunks.
func smallChunks(c *Config) { c.ChunkSize = chunkUnit }

func TestAStreamTakesAsFewRequestsAsItsSizeAllows(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	st := streamer(t, open(t, srv, smallChunks))
	for _, tt := range []struct {
		size int
		want []string
	}{
		{0, []string{"put"}},
		{1, []string{"put"}},
		{smallStream - 1, []string{"put"}},
		{smallStream, []string{"put"}},
		{smallStream + 1, []string{"begin", "chunk", "chunk"}},
		{3 * chunkUnit, []string{"begin", "chunk", "chunk", "chunk", "chunk"}},
	} {
		data := pattern(tt.size)
		info, err := st.PutStream(t.Context(), "k.bin", bytes.NewReader(data), ports.Any)
		check(t, err)
		if got := srv.requests(); !slices.Equal(got, tt.want) {
			t.Errorf("a stream of %d bytes took %q, want %q", tt.size, got, tt.want)
		}
		if srv.data("k.bin") != string(data) || info.Size != int64(tt.size) || info.ModTime.IsZero() {
			t.Errorf("a stream of %d bytes made %d bytes, and answers %+v", tt.size, len(srv.data("k.bin")), info)
		}
	}
}

// once fails the nth request that matches, with a status.
func once(srv *server, n int64, status int, matches func(*http.Request) bool) {
	var seen atomic.Int64
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !matches(r) || seen.Add(1) != n {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		srv.note("fault")
		answerError(w, status, "said so")
		return true
	}
}

func isChunk(r *http.Request) bool { return r.URL.Query().Has("upload_id") }

func TestAChunkBeforeTheLastIsSentAgain(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	once(srv, 2, http.StatusServiceUnavailable, isChunk)
	data := pattern(4*chunkUnit + 5)
	_, err := streamer(t, open(t, srv, smallChunks)).PutStream(t.Context(), "k.bin", bytes.NewReader(data), ports.IfAbsent)
	check(t, err)
	if srv.data("k.bin") != string(data) {
		t.Error("the object is not what was sent")
	}
}

func TestTheLastChunkIsSentOnce(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.put("k.bin", "old")
	once(srv, 3, http.StatusServiceUnavailable, isChunk)
	_, err := streamer(t, open(t, srv, smallChunks)).PutStream(t.Context(), "k.bin", bytes.NewReader(pattern(2*chunkUnit+5)), ports.Any)
	wantErr(t, err, ports.ErrUnknown, "a stream whose last chunk failed")
	if got, want := srv.requests(), []string{"begin", "chunk", "chunk", "fault"}; !slices.Equal(got, want) {
		t.Errorf("it took %q, want %q", got, want)
	}
}

func TestAChunkIsNotSentAgainForEver(t *testing.T) {
	t.Parallel()
	rep := &repeats{src: &source{ctx: t.Context()}}
	busy := &googleapi.Error{Code: http.StatusServiceUnavailable}
	for range maxRepeats {
		if !rep.again(busy) {
			t.Fatal("a passing failure was not repeated")
		}
	}
	if rep.again(busy) {
		t.Errorf("a chunk is sent more than %d times", maxRepeats+1)
	}
	rep.count.Store(0)
	if !rep.again(busy) || rep.again(&googleapi.Error{Code: http.StatusForbidden}) {
		t.Error("the next chunk is not judged anew, or a final failure is repeated")
	}
	rep.src.ended.Store(true)
	if rep.again(busy) {
		t.Error("what may be the last chunk is repeated")
	}
}

func TestTheConditionOfAStreamHoldsAtItsEnd(t *testing.T) {
	t.Parallel()
	for name, cond := range map[string]ports.Condition{"if absent": ports.IfAbsent, "if version": ports.IfVersion("5")} {
		srv := newServer(t)
		body := io.MultiReader(bytes.NewReader(pattern(3*chunkUnit)), read(func() { srv.put("k.bin", "theirs") }))
		_, err := streamer(t, open(t, srv, smallChunks)).PutStream(t.Context(), "k.bin", body, cond)
		wantErr(t, err, ports.ErrPrecondition, "a stream "+name+", with another put in its middle,")
		if srv.data("k.bin") != "theirs" {
			t.Error("the other put was overwritten")
		}
	}
}

// read is an empty reader that does something.
type read func()

func (r read) Read([]byte) (int, error) { r(); return 0, io.EOF }

func TestABodyThatFailsMakesNoObject(t *testing.T) {
	t.Parallel()
	own := errors.New("the reader's own error")
	for _, size := range []int{0, 10, smallStream, smallStream + 1, 3*chunkUnit + 7} {
		for _, cause := range []error{own, io.ErrUnexpectedEOF, errors.Join(io.EOF, own)} {
			srv := newServer(t)
			srv.put("k.bin", "old")
			body := io.MultiReader(bytes.NewReader(pattern(size)), iotest.ErrReader(cause))
			_, err := streamer(t, open(t, srv, smallChunks)).PutStream(t.Context(), "k.bin", body, ports.Any)
			wantErr(t, err, cause, "a stream whose body fails")
			wantErr(t, err, ports.ErrUnavailable, "a stream whose body fails")
			if srv.data("k.bin") != "old" {
				t.Errorf("a body that failed after %d bytes replaced the object", size)
			}
		}
	}
}

func TestAStreamTakesLittleMemory(t *testing.T) {
	srv := newServer(t)
	var chunks atomic.Int64
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !isChunk(r) {
			return false
		}
		_, _ = io.Copy(io.Discard, r.Body)
		chunks.Add(1)
		if strings.HasSuffix(r.Header.Get("Content-Range"), "/*") {
			w.Header().Set("X-Http-Status-Code-Override", "308")
		} else {
			answer(w, stored{Name: "k.bin", Generation: "7", Size: "0"})
		}
		return true
	}
	st := streamer(t, open(t, srv))
	var before, now runtime.MemStats
	var most uint64
	runtime.GC()
	runtime.ReadMemStats(&before)
	look := read(func() {
		runtime.GC()
		runtime.ReadMemStats(&now)
		most = max(most, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
	})
	var parts []io.Reader
	for range 16 {
		parts = append(parts, io.LimitReader(zeros{}, defaultChunkSize), look)
	}
	_, err := st.PutStream(t.Context(), "k.bin", io.MultiReader(parts...), ports.Any)
	check(t, err)
	if most > defaultChunkSize+(4<<20) || chunks.Load() < 16 {
		t.Errorf("a stream of 128 MiB held %d KiB, in %d chunks", most>>10, chunks.Load())
	}
	t.Logf("held at most %d KiB", most>>10)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
