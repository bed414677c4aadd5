package s3

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func TestShortBodiesAreErrors(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			w.Header().Set("ETag", etag)
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "ten bytes.")
			_ = http.NewResponseController(w).Flush()
			return cut(w, r, body)
		}
	})
	s := open(t, f.config())
	_, err := s.Get(t.Context(), anyKey, ports.GetOptions{})
	wantOutcome(t, err, ports.ErrUnavailable, "get")
	info, body, err := s.GetStream(t.Context(), anyKey, ports.GetOptions{})
	if err != nil || info.Size != 100 {
		t.Fatal(info, err)
	}
	data, err := io.ReadAll(body)
	wantOutcome(t, err, ports.ErrUnavailable, "a stream", len(data))
	_, err = body.Read(make([]byte, 1))
	wantOutcome(t, err, ports.ErrUnavailable, "a stream that failed")
	if err := errors.Join(body.Close(), body.Close()); err != nil {
		t.Error(err)
	}
}

func TestStreamObeysItsContext(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	fill(f, anyKey)
	s := open(t, f.config())
	ctx, cancel := context.WithCancel(t.Context())
	_, body, err := s.GetStream(ctx, anyKey, ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	_, err = body.Read(make([]byte, 1))
	wantOutcome(t, err, context.Canceled, "a stream whose context ended")
	_ = body.Close()
	_, body, err = s.GetStream(t.Context(), anyKey, ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = body.Close()
	_, err = body.Read(make([]byte, 1))
	wantOutcome(t, err, ports.ErrClosed, "a stream that was closed")
}

// Close leaves no connection, also that of a stream which was still open.
func TestStreamOutlivesClose(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	fill(f, anyKey)
	s := open(t, f.config())
	_, body, err := s.GetStream(t.Context(), anyKey, ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(body); err != nil || string(data) != anyKey {
		t.Errorf("%q, %v", data, err)
	}
	_ = body.Close()
	_, err = s.Stat(t.Context(), anyKey)
	wantOutcome(t, err, ports.ErrClosed, "stat after close")
}

func TestAnswersToRanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		header string
		body   string
		r      ports.Range
		want   error
	}{
		"as asked":          {206, "bytes 2-3/10", "cd", ports.Range{Offset: 2, Length: 2}, nil},
		"cut at the end":    {206, "bytes 8-9/10", "ij", ports.Range{Offset: 8, Length: 9}, nil},
		"ignored":           {200, "", "abcdefghij", ports.Range{Offset: 2, Length: 2}, ports.ErrUnavailable},
		"another one":       {206, "bytes 3-4/10", "de", ports.Range{Offset: 2, Length: 2}, ports.ErrUnavailable},
		"less":              {206, "bytes 2-2/10", "c", ports.Range{Offset: 2, Length: 2}, ports.ErrUnavailable},
		"nonsense":          {206, "2 to 3", "cd", ports.Range{Offset: 2, Length: 2}, ports.ErrUnavailable},
		"of unknown size":   {206, "bytes 2-3/*", "cd", ports.Range{Offset: 2, Length: 2}, ports.ErrUnavailable},
		"empty, ignored":    {200, "", "", ports.Range{Length: 2}, nil},
		"beyond an empty":   {200, "", "", ports.Range{Offset: 2}, ports.ErrInvalidKey},
		"beyond, with 416":  {416, "", "", ports.Range{Offset: 2}, ports.ErrInvalidKey},
		"from 0, with 416":  {416, "", "", ports.Range{Length: 2}, nil},
		"beyond everything": {0, "", "", ports.Range{Offset: maxOffset + 1}, ports.ErrInvalidKey},
	} {
		f := newFake(t, func(f *fake) {
			f.intercept = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
				w.Header().Set("ETag", etag)
				switch {
				case r.Method == http.MethodHead:
					w.Header().Set("Content-Length", "0")
					return true
				case tt.status == 416:
					refuse(w, 416, "InvalidRange")
					return true
				case tt.header != "":
					w.Header().Set("Content-Range", tt.header)
				}
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
				return true
			}
		})
		o, err := open(t, f.config()).Get(t.Context(), anyKey, ports.GetOptions{Range: tt.r})
		if tt.want != nil {
			wantOutcome(t, err, tt.want, name)
		} else if err != nil || string(o.Data) != tt.body || o.Version != etag {
			t.Errorf("%s: %+v, %v", name, o, err)
		}
	}
}

// A file-backed server may answer the bytes of one state with the ETag of the
// one before.
func TestReadsOfMovingObjectsAreRepeated(t *testing.T) {
	t.Parallel()
	for _, wrong := range []int{0, 1, settleTries - 1, settleTries} {
		gets := 0
		f := newFake(t, func(f *fake) {
			f.intercept = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
				if r.Method != http.MethodGet {
					return false
				}
				if gets++; gets <= wrong {
					w.Header().Set("ETag", etag)
					_, _ = io.WriteString(w, anyKey)
					return true
				}
				return false
			}
		})
		f.objects[anyKey] = stored{data: []byte(anyKey), etag: `"11111111111111111111111111111111"`}
		c := f.config()
		c.Facts.Nesting = NestingRefused
		s := open(t, c)
		o, err := s.Get(t.Context(), anyKey, ports.GetOptions{})
		if wrong == settleTries {
			wantOutcome(t, err, ports.ErrBusy, "get of a moving object")
		} else if err != nil || o.Version != `"11111111111111111111111111111111"` {
			t.Errorf("%d wrong answers: %+v, %v", wrong, o, err)
		}
		gets = 0
		info, body, err := s.GetStream(t.Context(), anyKey, ports.GetOptions{})
		if wrong == settleTries {
			wantOutcome(t, err, ports.ErrBusy, "get stream of a moving object")
			continue
		}
		if err != nil || info.Version != `"11111111111111111111111111111111"` {
			t.Fatalf("%d wrong answers: %+v, %v", wrong, info, err)
		}
		_ = body.Close()
	}
}

func TestListsOfVanishingFilesAreRepeated(t *testing.T) {
	t.Parallel()
	for _, wrong := range []int{0, settleTries - 1, settleTries} {
		for _, nesting := range []Nesting{NestingRefused, NestingFull} {
			f := newFake(t, func(f *fake) {
				f.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
					fails := f.count("") <= wrong
					if fails {
						refuse(w, 500, "InternalError")
					}
					return fails
				}
			})
			fill(f, anyKey)
			c := f.config()
			c.Facts.Nesting = nesting
			keys, err := listAll(t.Context(), open(t, c), ports.ListOptions{})
			if wrong == settleTries || (wrong > 0 && nesting == NestingFull) {
				wantOutcome(t, err, ports.ErrUnavailable, "list", wrong, nesting)
			} else if err != nil || len(keys) != 1 {
				t.Errorf("%d failures, nesting %d: %q, %v", wrong, nesting, keys, err)
			}
		}
	}
}

func TestHashOfASmallObjectConfirmsIt(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	c := f.config()
	c.Facts.Nesting = NestingRefused
	s := open(t, c)
	for size, requests := range map[int]int{0: 1, 1000: 1, settleByHash: 1, settleByHash + 1: 2} {
		if _, err := s.Put(t.Context(), anyKey, []byte(strings.Repeat("x", size)), ports.Any); err != nil {
			t.Fatal(err)
		}
		before := f.count("")
		if _, err := s.Get(t.Context(), anyKey, ports.GetOptions{}); err != nil || f.count("")-before != requests {
			t.Errorf("%d bytes: %d requests, want %d; %v", size, f.count("")-before, requests, err)
		}
	}
}

func TestVersionsThatNoServerGave(t *testing.T) {
	t.Parallel()
	for v, want := range map[ports.Version]bool{
		etag: true, `"0-3"`: true, `W/"x"`: true, versionOf("bare"): true,
		"": false, `"`: false, `""`: false, "bare": false, etag + "0": false, `"a"b"`: false, "\"a\nb\"": false, `"é"`: false, `"a b"`: false,
	} {
		if possible(v) != want {
			t.Errorf("%q: %v", v, !want)
		}
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]error{200: nil, 404: ports.ErrUnavailable, 403: ports.ErrPermission, 503: ports.ErrBusy} {
		f := newFake(t, func(f *fake) {
			f.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				w.WriteHeader(status)
				return true
			}
		})
		err := open(t, f.config()).Ping(t.Context())
		if want == nil && err == nil {
			continue
		}
		wantOutcome(t, err, want, fmt.Sprint(status))
	}
}
