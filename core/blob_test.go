package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func putBlob(t *testing.T, blobs *core.Blobs, name, text string) core.Blob {
	t.Helper()
	blob, err := blobs.Put(t.Context(), name, strings.NewReader(text), ports.Any)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

func readBlob(t *testing.T, blobs *core.Blobs, name string, options ports.GetOptions) (string, error) {
	t.Helper()
	reader, err := blobs.Get(t.Context(), name, options)
	if err != nil {
		return "", err
	}
	defer func() { _ = reader.Close() }()
	text, err := io.ReadAll(reader)
	return string(text), err
}

func TestBlobsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{NoNestedKeys: true})
	blobs := openWith(t, store, core.Options{}).Blobs()
	for _, name := range []string{"a", "a/b.png", "users/ann", "é/ü ö", "a/..", "users/ann.json", strings.Repeat("x", 250)} {
		for _, text := range []string{"first", "", strings.Repeat("second", 1000)} {
			put := putBlob(t, blobs, name, text)
			got, err := readBlob(t, blobs, name, ports.GetOptions{})
			if err != nil || got != text {
				t.Errorf("%s: %q, %v", name, got, err)
			}
			stat, err := blobs.Stat(ctx, name)
			if err != nil || stat != put || stat.Size != int64(len(text)) || stat.Name != name {
				t.Errorf("stat of %s: %+v, %v, want %+v", name, stat, err, put)
			}
		}
		for range 2 {
			if err := blobs.Delete(ctx, name, ports.Any); err != nil {
				t.Error(err)
			}
		}
		if _, err := readBlob(t, blobs, name, ports.GetOptions{}); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("after delete: %v", err)
		}
		if _, err := blobs.Stat(ctx, name); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("stat after delete: %v", err)
		}
	}
	if _, err := blobs.Put(ctx, "avatars/ann.png", strings.NewReader("x"), ports.Any); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Stat(ctx, "avatars/ann.png.blob"); err != nil {
		t.Errorf("the object is not named as documented: %v", err)
	}
	for _, name := range []string{"", "/a", "a/", "a//b", "_a", "_sb/a", "a/_b/c", "../a", "a.blob/b", "a.json/b", "a\x00", "\xff", strings.Repeat("x", 251)} {
		if _, err := blobs.Put(ctx, name, strings.NewReader(""), ports.Any); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	if _, err := blobs.Put(ctx, "a", nil, ports.Any); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a nil body: %v", err)
	}
}

func TestBlobConditions(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	blobs := openWith(t, memory.NewStore(memory.StoreOptions{}), core.Options{}).Blobs()
	put := func(text string, condition ports.Condition, want error) core.Blob {
		t.Helper()
		blob, err := blobs.Put(ctx, "a", strings.NewReader(text), condition)
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("put %s: %v, want %v", condition, err, want)
		}
		return blob
	}
	first := put("1", ports.IfAbsent, nil)
	put("2", ports.IfAbsent, core.ErrExists)
	put("2", ports.IfVersion("other"), core.ErrConflict)
	second := put("2", ports.IfVersion(first.Version), nil)
	if _, err := readBlob(t, blobs, "a", ports.GetOptions{IfNoneMatch: second.Version}); !errors.Is(err, core.ErrNotModified) {
		t.Errorf("get if none match: %v", err)
	}
	if text, err := readBlob(t, blobs, "a", ports.GetOptions{IfNoneMatch: first.Version}); err != nil || text != "2" {
		t.Errorf("get if none match another: %q, %v", text, err)
	}
	if err := blobs.Delete(ctx, "a", ports.IfVersion(first.Version)); !errors.Is(err, core.ErrConflict) {
		t.Errorf("delete of another version: %v", err)
	}
	if err := blobs.Delete(ctx, "a", ports.IfVersion(second.Version)); err != nil {
		t.Errorf("delete of the version: %v", err)
	}
	plain := openWith(t, memory.NewStore(memory.StoreOptions{NoConditionalDelete: true}), core.Options{}).Blobs()
	if err := plain.Delete(ctx, "a", ports.IfVersion("1")); !errors.Is(err, core.ErrUnsupported) {
		t.Errorf("a conditional delete where there is none: %v", err)
	}
}

func TestBlobRangesAndSeeks(t *testing.T) {
	t.Parallel()
	plan := faults.New(faults.Options{})
	blobs := openWith(t, faults.Store(memory.NewStore(memory.StoreOptions{}), plan), core.Options{}).Blobs()
	const text = "0123456789abcdefghij"
	putBlob(t, blobs, "a", text)
	for _, c := range []struct {
		ask  ports.Range
		want string
	}{{ports.Range{}, text}, {ports.Range{Offset: 5}, text[5:]}, {ports.Range{Offset: 5, Length: 3}, "567"}, {ports.Range{Offset: 18, Length: 9}, "ij"}} {
		reader, err := blobs.Get(t.Context(), "a", ports.GetOptions{Range: c.ask})
		if err != nil {
			t.Fatal(err)
		}
		if reader.Len() != int64(len(c.want)) || reader.Blob().Size != int64(len(text)) {
			t.Errorf("%v: %d bytes of %+v", c.ask, reader.Len(), reader.Blob())
		}
		if err := iotest.TestReader(reader, []byte(c.want)); err != nil {
			t.Errorf("%v: %v", c.ask, err)
		}
		for range 2 {
			if err := reader.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := reader.Read(make([]byte, 1)); !errors.Is(err, core.ErrClosed) {
			t.Errorf("read after close: %v", err)
		}
	}
	if _, err := readBlob(t, blobs, "a", ports.GetOptions{Range: ports.Range{Offset: 20}}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("a range behind the end: %v", err)
	}
	plan.Reset()
	handler := http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		reader, err := blobs.Get(request.Context(), "a", ports.GetOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		defer func() { _ = reader.Close() }()
		http.ServeContent(w, request, "a.txt", reader.Blob().ModTime, reader)
	})
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Body.String() != text || plan.Calls(faults.GetStream) != 1 {
		t.Errorf("served %q with %v", answer.Body, plan.Trace())
	}
	request.Header.Set("Range", "bytes=3-6")
	answer = httptest.NewRecorder()
	handler.ServeHTTP(answer, request)
	if answer.Body.String() != "3456" || answer.Code != http.StatusPartialContent {
		t.Errorf("served %d %q", answer.Code, answer.Body)
	}
}

// A download that breaks off goes on where it was, from the same state.
func TestABrokenDownloadGoesOn(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plan := faults.New(faults.Options{})
	inner := memory.NewStore(memory.StoreOptions{})
	blobs := openWith(t, faults.Store(inner, plan), core.Options{}).Blobs()
	text := strings.Repeat("0123456789", 1000)
	putBlob(t, blobs, "a", text)
	broken := func(options ports.GetOptions, times int, between func()) (string, error) {
		plan.Reset()
		plan.On(faults.Match{Method: faults.GetStream, Times: times}).BreakAfter(777, ports.ErrUnavailable)
		reader, err := blobs.Get(ctx, "a", options)
		if err != nil {
			return "", err
		}
		defer func() { _ = reader.Close() }()
		head := make([]byte, 500)
		if _, err := io.ReadFull(reader, head); err != nil {
			return "", err
		}
		between()
		rest, err := io.ReadAll(reader)
		return string(head) + string(rest), err
	}
	nothing := func() {}
	if got, err := broken(ports.GetOptions{}, faults.Always, nothing); err != nil || got != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if got, err := broken(ports.GetOptions{Range: ports.Range{Offset: 11, Length: 5000}}, faults.Always, nothing); err != nil || got != text[11:5011] {
		t.Errorf("of a range: %d bytes, %v", len(got), err)
	}
	if got, err := broken(ports.GetOptions{}, 1, func() { putBlob(t, blobs, "a", text+"!") }); !errors.Is(err, core.ErrConflict) || !strings.HasPrefix(text, got) {
		t.Errorf("after it was replaced: %d bytes, %v", len(got), err)
	}
	if got, err := broken(ports.GetOptions{}, 1, func() { _ = blobs.Delete(ctx, "a", ports.Any) }); !errors.Is(err, core.ErrConflict) || !strings.HasPrefix(text, got) {
		t.Errorf("after it was deleted: %d bytes, %v", len(got), err)
	}
	putBlob(t, blobs, "a", text)
	_, err := broken(ports.GetOptions{}, 1, func() {
		plan.On(faults.Match{Method: faults.GetStream, Times: faults.Always}).Fail(ports.ErrUnavailable)
	})
	if !errors.Is(err, core.ErrUnavailable) {
		t.Errorf("when nothing answers any more: %v", err)
	}
}

// What the store finds out at the end of a stream only, such as that a checksum
// is wrong, reaches also those who read just as many bytes as the blob has.
func TestAFailureAtTheEndOfADownloadIsNotLost(t *testing.T) {
	t.Parallel()
	wrong := errors.New("wrong checksum")
	for name, body := range map[string]func() io.Reader{
		"after the last bytes": func() io.Reader { return io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(wrong)) },
		"with the last bytes": func() io.Reader {
			return iotest.DataErrReader(io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(wrong)))
		},
		"as the contract asks": func() io.Reader {
			return io.MultiReader(strings.NewReader("12345"), iotest.ErrReader(ports.Fail("get", "a", ports.ErrCorrupt, wrong)))
		},
		"too many bytes": func() io.Reader { return strings.NewReader("123456") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			blobs := openWith(t, &ending{ObjectStore: memory.NewStore(memory.StoreOptions{}), size: 5, body: body}, core.Options{}).Blobs()
			for way, read := range map[string]func(r io.Reader) error{
				"all":      func(r io.Reader) error { _, err := io.ReadAll(r); return err },
				"exactly":  func(r io.Reader) error { _, err := io.CopyN(io.Discard, r, 5); return err },
				"bytewise": func(r io.Reader) error { _, err := io.ReadAll(iotest.OneByteReader(r)); return err },
			} {
				reader, err := blobs.Get(t.Context(), "a", ports.GetOptions{})
				if err != nil {
					t.Fatal(err)
				}
				err = read(reader)
				if name != "too many bytes" && !errors.Is(err, wrong) || core.KindOf(err) == nil {
					t.Errorf("read %s: %v", way, err)
				}
				if _, again := reader.Read(make([]byte, 1)); again == nil || errors.Is(again, io.EOF) {
					t.Errorf("read %s, and once more: %v", way, again)
				}
				_ = reader.Close()
			}
		})
	}
	empty := openWith(t, &ending{ObjectStore: memory.NewStore(memory.StoreOptions{}), body: func() io.Reader { return iotest.ErrReader(wrong) }}, core.Options{}).Blobs()
	if _, err := readBlob(t, empty, "a", ports.GetOptions{}); !errors.Is(err, wrong) {
		t.Errorf("an empty blob: %v", err)
	}
}

// ending is a store with one object, whose streams end as body does.
type ending struct {
	ports.ObjectStore
	size int64
	body func() io.Reader
}

func (e *ending) PutStream(context.Context, string, io.Reader, ports.Condition) (ports.ObjectInfo, error) {
	return ports.ObjectInfo{}, ports.Fail("put", "", ports.ErrUnsupported, nil)
}

func (e *ending) GetStream(_ context.Context, key string, _ ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	return ports.ObjectInfo{Key: key, Version: "1", Size: e.size}, io.NopCloser(e.body()), nil
}

func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	plan := faults.New(faults.Options{})
	blobs := openWith(t, faults.Store(memory.NewStore(memory.StoreOptions{}), plan), core.Options{}).Blobs()
	putBlob(t, blobs, "a", "old")
	want := func(text string) {
		t.Helper()
		if got, err := readBlob(t, blobs, "a", ports.GetOptions{}); got != text || err != nil {
			t.Errorf("it holds %q, %v, want %q", got, err, text)
		}
	}
	own := errors.New("own")
	if _, err := blobs.Put(ctx, "a", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(own)), ports.Any); !errors.Is(err, own) || !errors.Is(err, core.ErrUnavailable) {
		t.Errorf("a body that fails: %v", err)
	}
	want("old")
	plan.On(faults.Match{Method: faults.PutStream}).Busy()
	body := strings.NewReader("skipped new")
	_, _ = body.Seek(8, io.SeekStart)
	if _, err := blobs.Put(ctx, "a", body, ports.Any); err != nil {
		t.Errorf("a busy store: %v", err)
	}
	want("new")
	plan.On(faults.Match{Method: faults.PutStream}).LoseAnswer()
	if _, err := blobs.Put(ctx, "a", strings.NewReader("newer"), ports.Any); !errors.Is(err, core.ErrOutcomeUnknown) {
		t.Errorf("an answer that was lost: %v", err)
	}
	want("newer")
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := blobs.Put(ended, "a", strings.NewReader("newest"), ports.Any); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that is done: %v", err)
	}
	want("newer")
	bare := struct{ ports.ObjectStore }{memory.NewStore(memory.StoreOptions{})}
	if _, err := openWith(t, bare, core.Options{}).Blobs().Put(ctx, "a", strings.NewReader("x"), ports.Any); !errors.Is(err, core.ErrUnsupported) {
		t.Errorf("a store without streams: %v", err)
	}
}

func TestBlobsAreListedAndStayApartFromDocuments(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := memory.NewStore(memory.StoreOptions{})
	db := openWith(t, store, core.Options{})
	users, err := core.NewCollection[User](ctx, db, "users")
	if err != nil {
		t.Fatal(err)
	}
	blobs := db.Blobs()
	if _, err := users.Create(ctx, "ann", User{Name: "Ann"}); err != nil {
		t.Fatal(err)
	}
	names := []string{"logo", "users/ann", "users/ann.json", "users/é", "zoo/a/b"}
	for _, name := range names {
		putBlob(t, blobs, name, name)
	}
	if _, err := store.Put(ctx, "_sb/x.blob", []byte("x"), ports.Any); err != nil {
		t.Fatal(err)
	}
	list := func(prefix string) (found []string) {
		for blob, err := range blobs.List(ctx, prefix) {
			if err != nil {
				t.Error(err)
			}
			if info, err := blobs.Stat(ctx, blob.Name); err != nil || info != blob {
				t.Errorf("listed is %+v, there is %+v, %v", blob, info, err)
			}
			found = append(found, blob.Name)
		}
		return found
	}
	for prefix, want := range map[string][]string{
		"": names, "users/": names[1:4], "users/a": names[1:3], "users/é": names[3:4], "zoo/a/b": names[4:], "none": nil, "_": nil, "_sb/": nil,
		"logo.b": nil, "logo.blob": nil, "users/ann.": names[2:3], "zoo/a/b.blob": nil,
	} {
		if got := list(prefix); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
			t.Errorf("under %q are %q, want %q", prefix, got, want)
		}
	}
	if n, err := users.Count(ctx); n != 1 || err != nil {
		t.Errorf("the collection has %d documents, %v", n, err)
	}
	for _, err := range blobs.List(ctx, "") {
		if err != nil {
			t.Error(err)
		}
		break
	}
	_ = db.Close()
	for _, err := range blobs.List(ctx, "") {
		if !errors.Is(err, core.ErrClosed) {
			t.Errorf("after close: %v", err)
		}
	}
}

func TestBlobsAreObserved(t *testing.T) {
	t.Parallel()
	var seen []string
	note := func(what string, n int, err error) { seen = append(seen, fmt.Sprint(what, " ", n, " ", err)) }
	observer := ports.Observer{
		Operation: func(ctx context.Context, info ports.OperationInfo) (context.Context, func(ports.OperationResult)) {
			return ctx, func(r ports.OperationResult) { note(info.Name+" "+info.ID, r.Documents, r.Err) }
		},
		StoreCall: func(ctx context.Context, info ports.StoreCallInfo) (context.Context, func(ports.StoreCallResult)) {
			return ctx, func(r ports.StoreCallResult) {
				if r.Duration < 0 || r.Duration > time.Minute {
					t.Errorf("it took %v", r.Duration)
				}
				note(info.Method+" "+info.Key, r.Bytes, r.Err)
			}
		},
	}
	blobs := openWith(t, memory.NewStore(memory.StoreOptions{}), core.Options{
		Settings: core.Settings{SkipProbe: true}, Components: core.Components{Observer: observer},
	}).Blobs()
	blob := putBlob(t, blobs, "a/b", "12345")
	if _, err := readBlob(t, blobs, "a/b", ports.GetOptions{}); err != nil {
		t.Fatal(err)
	}
	_, _ = readBlob(t, blobs, "a/b", ports.GetOptions{IfNoneMatch: blob.Version})
	want := []string{
		"put stream a/b.blob 5 <nil>", "put blob b 1 <nil>", "get stream a/b.blob 5 <nil>", "get blob b 1 <nil>",
		"get stream a/b.blob 0 <nil>", "get blob b 0 get blob: not modified: blob \"a/b\"",
	}
	if !slices.Equal(seen, want) {
		t.Errorf("seen is %q, want %q", seen, want)
	}
}

// A blob of any size passes through memory of a few kilobytes.
func TestBlobsAreNotGathered(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	blobs := openWith(t, &hole{ObjectStore: memory.NewStore(memory.StoreOptions{})}, core.Options{}).Blobs()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := blobs.Put(t.Context(), "a", io.LimitReader(zeros{}, size), ports.Any); err != nil {
		t.Fatal(err)
	}
	reader, err := blobs.Get(t.Context(), "a", ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, reader); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	_ = reader.Close()
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("%d bytes were allocated for a blob of %d", grown, size)
	}
}

// hole swallows streams, and yields zeros.
type hole struct {
	ports.ObjectStore
	size int64
}

func (h *hole) PutStream(_ context.Context, key string, body io.Reader, _ ports.Condition) (info ports.ObjectInfo, err error) {
	h.size, err = io.Copy(io.Discard, body)
	return ports.ObjectInfo{Key: key, Version: "1", Size: h.size}, err
}

func (h *hole) GetStream(_ context.Context, key string, _ ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	return ports.ObjectInfo{Key: key, Version: "1", Size: h.size}, io.NopCloser(io.LimitReader(zeros{}, h.size)), nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
