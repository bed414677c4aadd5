package s3

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// random makes bytes without a pattern.
func random(size int) []byte {
	data := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{}).Read(data)
	return data
}

// noWait is a clock that does not wait.
type noWait struct{ ports.Clock }

func (noWait) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func TestUploadsKeepEveryByte(t *testing.T) {
	t.Parallel()
	const part = minPartSize
	sizes := []int{0, 1, smallBody - 1, smallBody, smallBody + 1, surelyHeard, surelyHeard + 1, part - 1, part, part + 1, 2 * part, 3*part + 7}
	for i, size := range append(sizes, sizes...) {
		cond, single := ports.IfAbsent, surelyHeard
		if i >= len(sizes) {
			cond, single = ports.Any, part
		}
		f := newFake(t, nil)
		c := f.config()
		c.PartSize = part
		s := open(t, c)
		data := random(size)
		info, err := s.PutStream(t.Context(), anyKey, iotest.HalfReader(bytes.NewReader(data)), cond)
		if err != nil || info.Size != int64(size) || !bytes.Equal(f.objects[anyKey].data, data) {
			t.Errorf("%d bytes: %+v, %v, %d stored", size, info, err, len(f.objects[anyKey].data))
		}
		want := 0
		if size > single {
			want = (size + part - 1) / part
		}
		if got := f.count("PUT " + anyKey + "?partNumber"); got != want {
			t.Errorf("%d bytes were sent in %d parts, want %d", size, got, want)
		}
		if info.ModTime.IsZero() {
			t.Errorf("%d bytes: no time", size)
		}
	}
}

func TestFailedUploadsAreAborted(t *testing.T) {
	t.Parallel()
	own := errors.New("the reader's own")
	for name, tt := range map[string]struct {
		body   io.Reader
		cond   ports.Condition
		answer func(w http.ResponseWriter, r *http.Request, body []byte) bool
		want   error
		stays  bool // the upload
	}{
		"the reader fails":              {body: io.MultiReader(bytes.NewReader(random(2*minPartSize+1)), iotest.ErrReader(own)), want: ports.ErrUnavailable},
		"the reader hangs":              {body: io.MultiReader(bytes.NewReader(random(minPartSize+1)), idle{}), want: ports.ErrUnavailable},
		"the condition fails":           {cond: ports.IfVersion(etag), want: ports.ErrPrecondition},
		"a part is refused":             {answer: on("PUT", "partNumber=2", 403, "AccessDenied"), want: ports.ErrPermission},
		"a part fails always":           {answer: on("PUT", "partNumber=2", 500, "InternalError"), want: ports.ErrUnavailable},
		"the end is busy":               {answer: on("POST", "uploadId=", 409, "ConditionalRequestConflict"), want: ports.ErrBusy},
		"the end fails":                 {answer: on("POST", "uploadId=", 500, "InternalError"), want: ports.ErrUnknown, stays: true},
		"the end fails late":            {answer: on("POST", "uploadId=", 200, "InternalError"), want: ports.ErrUnknown, stays: true},
		"the end is refused on its way": {answer: on("POST", "uploadId=", 503, ""), want: ports.ErrUnknown, stays: true},
		"the upload is gone at the end": {answer: on("POST", "uploadId=", 404, "NoSuchUpload"), want: ports.ErrUnknown, stays: true},
		"the end conflicts":             {answer: on("POST", "uploadId=", 200, "PreconditionFailed"), want: ports.ErrPrecondition},
		"the end is lost": {answer: func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") && cut(w, r, body)
		}, want: ports.ErrUnknown, stays: true},
	} {
		f := newFake(t, func(f *fake) { f.intercept = tt.answer })
		fill(f, anyKey)
		c := f.config()
		c.PartSize, c.Parallel, c.Clock = minPartSize, 2, noWait{ports.SystemClock()}
		s := open(t, c)
		if tt.body == nil {
			tt.body = bytes.NewReader(random(3 * minPartSize))
		}
		if name == "the condition fails" {
			f.objects[anyKey] = stored{etag: `"00000000000000000000000000000000"`}
		}
		_, err := s.PutStream(t.Context(), anyKey, tt.body, tt.cond)
		wantOutcome(t, err, tt.want, name)
		if errors.Is(err, own) != (name == "the reader fails") {
			t.Errorf("%s: %v", name, err)
		}
		if f.mu.Lock(); (len(f.uploads) > 0) != tt.stays {
			t.Errorf("%s: %d uploads are left", name, len(f.uploads))
		}
		f.mu.Unlock()
		if string(f.objects[anyKey].data) != anyKey && name != "the condition fails" {
			t.Errorf("%s: the old object did not stay", name)
		}
	}
}

// A reader's failure counts also where it came with the last byte that there was
// room for, and is not told again.
func TestFailureWithTheLastByteIsNotLost(t *testing.T) {
	t.Parallel()
	own := errors.New("the reader's own")
	for _, size := range []int{smallBody, minPartSize, minPartSize + 1, 2 * minPartSize} {
		f := newFake(t, nil)
		c := f.config()
		c.PartSize = minPartSize
		_, err := open(t, c).PutStream(t.Context(), anyKey, &failsOnce{left: size, err: own}, ports.Any)
		if wantOutcome(t, err, ports.ErrUnavailable, size); !errors.Is(err, own) || len(f.objects) > 0 {
			t.Errorf("%d bytes: %v, %d objects", size, err, len(f.objects))
		}
	}
}

// failsOnce gives its error with the last of its bytes, and then an end.
type failsOnce struct {
	left int
	err  error
}

func (r *failsOnce) Read(p []byte) (int, error) {
	n := min(len(p), r.left)
	if n == 0 {
		return 0, io.EOF
	}
	if r.left -= n; r.left == 0 {
		return n, r.err
	}
	return n, nil
}

// idle gives nothing, for ever.
type idle struct{}

func (idle) Read([]byte) (int, error) { return 0, nil }

// on answers one kind of request.
func on(method, query string, status int, code string) func(http.ResponseWriter, *http.Request, []byte) bool {
	return func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
		if r.Method != method || !strings.Contains(r.URL.RawQuery, query) {
			return false
		}
		refuse(w, status, code)
		return true
	}
}

func TestPartsAreSentAgain(t *testing.T) {
	t.Parallel()
	var failures atomic.Int64
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			if r.Method != http.MethodPut || failures.Add(1)%2 == 0 {
				return false
			}
			return cut(w, r, body)
		}
	})
	c := f.config()
	c.PartSize, c.Parallel, c.Clock = minPartSize, 1, noWait{ports.SystemClock()}
	data := random(2*minPartSize + 1)
	if _, err := open(t, c).PutStream(t.Context(), anyKey, bytes.NewReader(data), ports.Any); err != nil || !bytes.Equal(f.objects[anyKey].data, data) {
		t.Errorf("err = %v", err)
	}
}

func TestConditionOfLargeUploadIsRefusedWhereItIsIgnored(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) { f.ignoreComplete = true })
	c := f.config()
	c.PartSize, c.Facts.ConditionalUpload = minPartSize, false
	s := open(t, c)
	_, err := s.PutStream(t.Context(), anyKey, bytes.NewReader(random(minPartSize+1)), ports.IfAbsent)
	wantOutcome(t, err, ports.ErrUnsupported, "conditional upload")
	if f.count("POST") != 0 {
		t.Error("an upload was begun")
	}
	if _, err := s.PutStream(t.Context(), anyKey, bytes.NewReader(random(minPartSize+1)), ports.Any); err != nil {
		t.Error(err)
	}
}

func TestPartsGrow(t *testing.T) {
	t.Parallel()
	total := int64(0)
	for number := int32(1); number <= maxParts; number++ {
		size := partSize(defaultPartSize, number)
		if size < defaultPartSize || size > maxPartSize {
			t.Fatalf("part %d has %d bytes", number, size)
		}
		total += size
	}
	if total < 5<<40 {
		t.Errorf("%d parts hold %d bytes, less than 5 TiB", maxParts, total)
	}
	if first, second := partSize(defaultPartSize, growAfter), partSize(defaultPartSize, growAfter+1); second != 2*first {
		t.Errorf("part %d has %d bytes after %d", growAfter+1, second, first)
	}
}

func TestGreatPartsAreOnDisk(t *testing.T) {
	t.Parallel()
	data := random(1000)
	src := &source{ctx: t.Context(), key: anyKey, body: bytes.NewReader(data)}
	p, err := onDisk(7, src, 600, true)
	if err != nil {
		t.Fatal(err)
	}
	name := p.body.(*os.File).Name() // made by onDisk
	got, err := io.ReadAll(p.body)
	if err != nil || !bytes.Equal(got, data[:600]) || p.size != 600 || *p.md5 != *contentMD5(data[:600]) {
		t.Errorf("%d bytes of %d, %v", len(got), p.size, err)
	}
	if p.free(); exists(name) {
		t.Error("the file stays")
	}
	if p, err = onDisk(8, src, 600, false); err != nil || p.size != 400 || !src.ended {
		t.Errorf("the rest: %+v, %v", p, err)
	}
	p.free()
	src = &source{ctx: t.Context(), key: anyKey, body: iotest.ErrReader(io.ErrClosedPipe)}
	_, err = onDisk(9, src, 600, false)
	wantOutcome(t, err, ports.ErrUnavailable, "a reader that fails")
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}
