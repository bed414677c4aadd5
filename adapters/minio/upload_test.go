package minio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/smarterbase/smarterbase/ports"
)

// body is a reader of size bytes and of no other interface.
func body(size int) io.Reader {
	return struct{ io.Reader }{bytes.NewReader(make([]byte, size))}
}

func TestUploadsInParts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ size, puts, posts int }{
		"nothing":             {0, 1, 0},
		"small":               {smallBody, 1, 0},
		"just under a part":   {minPartSize - 1, 1, 0},
		"a part":              {minPartSize, 1, 2},
		"a part and a byte":   {minPartSize + 1, 2, 2},
		"seven parts":         {7 * minPartSize, 7, 2},
		"seven and some more": {7*minPartSize + 99, 8, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			s := unprobed(t, f)
			data := bytes.Repeat([]byte("0123456789abcdefg"), c.size/17+1)[:c.size]
			info, err := s.PutStream(t.Context(), "k.bin", struct{ io.Reader }{bytes.NewReader(data)}, ports.IfAbsent)
			check(t, err)
			got := f.objects["k.bin"]
			if !bytes.Equal(got.data, data) || info.Size != int64(c.size) || string(info.Version) != got.etag {
				t.Errorf("%d bytes arrived, and the answer is %+v", len(got.data), info)
			}
			if puts, posts := f.count("PUT"), f.count("POST"); puts != c.puts || posts != c.posts {
				t.Errorf("%d PUTs and %d POSTs, want %d and %d", puts, posts, c.puts, c.posts)
			}
			if len(f.uploads) > 0 {
				t.Error("an upload is left open")
			}
		})
	}
}

// Whatever fails, nothing is visible, the parts are removed, and the outcome
// says so.
func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	own := errors.New("the reader's own")
	for name, c := range map[string]struct {
		on     string // which request fails
		status int    // of its answer; 0: the answer is lost
		code   string
		body   io.Reader
		want   error
		left   int // open uploads
	}{
		"start":             {"uploads=", 503, "SlowDown", nil, ports.ErrBusy, 0},
		"start, lost":       {"uploads=", 0, "", nil, ports.ErrUnavailable, 0},
		"part":              {"partNumber=2", 500, "InternalError", nil, ports.ErrUnavailable, 0},
		"part, lost":        {"partNumber=3", 0, "", nil, ports.ErrUnavailable, 0},
		"part, forbidden":   {"partNumber=2", 403, "AccessDenied", nil, ports.ErrPermission, 0},
		"part, gone":        {"partNumber=2", 404, "NoSuchUpload", nil, ports.ErrUnavailable, 0},
		"reader":            {"none", 0, "", io.MultiReader(body(minPartSize+9), iotest.ErrReader(own)), own, 0},
		"reader at a part":  {"none", 0, "", io.MultiReader(body(minPartSize), iotest.ErrReader(own)), ports.ErrUnavailable, 0},
		"reader that hangs": {"none", 0, "", io.MultiReader(body(minPartSize), idle{}), io.ErrNoProgress, 0},
		"end, refused":      {"complete", 412, "PreconditionFailed", nil, ports.ErrPrecondition, 0},
		"end, busy":         {"complete", 409, "ConditionalRequestConflict", nil, ports.ErrBusy, 0},
		"end, lost":         {"complete", 0, "", nil, ports.ErrUnknown, 1},
		"end, broken":       {"complete", 500, "InternalError", nil, ports.ErrUnknown, 1},
		"end, gone":         {"complete", 404, "NoSuchUpload", nil, ports.ErrUnknown, 1},
		"end, 200 failed":   {"complete", 200, "InternalError", nil, ports.ErrUnknown, 1},
		"end, 200 refused":  {"complete", 200, "PreconditionFailed", nil, ports.ErrPrecondition, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			s := unprobed(t, f)
			old, err := s.Put(t.Context(), "k.bin", []byte("old"), ports.Any)
			check(t, err)
			f.failOn(c.on, c.status, c.code)
			if c.body == nil {
				c.body = body(5 * minPartSize)
			}
			_, err = s.PutStream(t.Context(), "k.bin", c.body, ports.IfVersion(old))
			wantErr(t, err, c.want, name)
			if string(f.objects["k.bin"].data) != "old" {
				t.Error("the old object is gone")
			}
			if len(f.uploads) != c.left {
				t.Errorf("%d uploads are left open, want %d", len(f.uploads), c.left)
			}
		})
	}
}

type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// failOn answers the requests of that kind.
func (f *fake) failOn(kind string, status int, code string) {
	f.before = func(req *http.Request) (*http.Response, error) {
		completes := kind == "complete" && req.Method == http.MethodPost && req.URL.Query().Has("uploadId")
		switch {
		case !completes && !strings.Contains(req.URL.RawQuery, kind):
			return nil, nil
		case status == 0:
			return nil, io.EOF
		}
		return failure(status, code), nil
	}
}

// An upload whose context ends removes its parts all the same.
func TestUploadThatIsCanceled(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := unprobed(t, f)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f.before = func(req *http.Request) (*http.Response, error) {
		if strings.Contains(req.URL.RawQuery, "partNumber=2") {
			cancel()
			return nil, context.Canceled
		}
		return nil, nil
	}
	_, err := s.PutStream(ctx, "k.bin", body(9*minPartSize), ports.Any)
	wantOutcome(t, err, context.Canceled, "k.bin", "put stream")
	if len(f.uploads) > 0 || len(f.objects) > 0 {
		t.Errorf("%d uploads and %d objects are left", len(f.uploads), len(f.objects))
	}
}

func TestUploadWithTooManyParts(t *testing.T) {
	t.Parallel()
	u := &upload{store: unprobed(t, newFake()), key: "k.bin", free: make(chan *[]byte, maxParts)}
	_, err := u.buffer(t.Context(), maxParts)
	check(t, err)
	_, err = u.buffer(t.Context(), maxParts+1)
	wantErr(t, err, ports.ErrTooLarge, "one part more")
}

// Memory does not depend on the size of the object: four buffers of a part.
func TestUploadInConstantMemory(t *testing.T) {
	const parts = 40
	f := newFake()
	var before runtime.MemStats
	var greatest atomic.Uint64
	cfg := config(f)
	cfg.SkipProbe = true
	cfg.Transport = roundTrip(func(req *http.Request) (*http.Response, error) {
		if !strings.Contains(req.URL.RawQuery, "partNumber=") {
			return f.RoundTrip(req)
		}
		n, err := io.Copy(io.Discard, req.Body)
		if err != nil || n != minPartSize {
			return nil, errors.New("a part is cut")
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		for old := greatest.Load(); m.HeapAlloc > old && !greatest.CompareAndSwap(old, m.HeapAlloc); old = greatest.Load() {
		}
		return reply(http.StatusOK, http.Header{"Etag": {`"e"`}}, ""), nil
	})
	s := openStore(t, cfg).ObjectStore.(*bucket)
	runtime.GC()
	runtime.ReadMemStats(&before)
	_, err := s.PutStream(t.Context(), "k.bin", io.LimitReader(zeros{}, parts*minPartSize), ports.Any)
	check(t, err)
	took, most := int64(greatest.Load())-int64(before.HeapAlloc), int64((parallelParts+1)*minPartSize+1<<20)
	if took > most {
		t.Errorf("an upload of %d MiB took %d MiB, more than %d", parts*minPartSize>>20, took>>20, most>>20)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
