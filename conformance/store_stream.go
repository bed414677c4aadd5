package conformance

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing/iotest"

	"github.com/smarterbase/smarterbase/ports"
)

var streamClauses = []Clause[StoreHarness]{
	{"OS-STR-1", "What GetStream reads MUST be one state of the object even if it is replaced or deleted meanwhile, or the read MUST fail; a reader never ends early without an error.", streamIsOneState},
	{"OS-STR-2", "If the reader of PutStream fails, the old object MUST stay as it was and the error MUST be ErrUnavailable and wrap the reader's.", streamThatFails},
	{"OS-STR-3", "PutStream MUST honour the condition as Put does, at the moment the object becomes visible.", streamCondition},
}

// streamSize is over the size of a part of a multipart upload.
const streamSize = 5<<20 + 123

// streamer returns the ports.Streamer of s; false after noting that there is
// none.
func streamer(t *T, s ports.ObjectStore) (ports.Streamer, bool) {
	found, ok := ports.As[ports.Streamer](s)
	if !ok {
		t.absent("the store is no ports.Streamer")
	}
	return found, ok
}

func streamIsOneState(t *T, h StoreHarness) {
	first, second := h.pair(t)
	st, ok := streamer(t, first)
	if !ok {
		return
	}
	content := patternBytes(streamSize)
	for _, change := range []string{"nothing", "replace", "replace by less", "delete"} {
		info, err := st.PutStream(t.Context(), "k.bin", &pattern{size: streamSize}, ports.Any)
		t.must(err, "put stream")
		if info.Size != streamSize || info.Key != "k.bin" || info.Version == "" {
			t.Errorf("put stream of %d bytes answers %+v", streamSize, info)
		}
		t.wantBytes(second, "k.bin", content, "after put stream")
		opened, body, err := st.GetStream(t.Context(), "k.bin", ports.GetOptions{})
		t.must(err, "get stream")
		if opened.Version != info.Version || opened.Size != info.Size {
			t.Errorf("get stream answers %+v after %+v was put", opened, info)
		}
		head := make([]byte, 1000)
		_, err = io.ReadFull(body, head)
		t.must(err, "reading the first bytes of a stream")
		changeObject(t, second, change)
		rest, err := io.ReadAll(body)
		if got := append(head, rest...); err == nil && !bytes.Equal(got, content) {
			t.Errorf("a stream that was read while another client did %q gave %d of %d bytes, or others, without an error", change, len(got), streamSize)
		}
		if err != nil && change == "nothing" {
			t.Errorf("reading a stream answers %v", err)
		}
		t.must(body.Close(), "closing a stream")
	}
	streamOptions(t, first, st)
}

func changeObject(t *T, s ports.ObjectStore, change string) {
	t.Helper()
	switch change {
	case "replace":
		t.put(s, "k.bin", bytes.Repeat([]byte("z"), streamSize), ports.Any)
	case "replace by less":
		t.put(s, "k.bin", []byte("z"), ports.Any)
	case "delete":
		t.must(s.Delete(t.Context(), "k.bin", ports.Any), "delete")
	}
}

// streamOptions checks that GetStream knows what Get knows.
func streamOptions(t *T, s ports.ObjectStore, st ports.Streamer) {
	t.Helper()
	v := t.put(s, "small.bin", []byte("0123456789"), ports.Any)
	read := func(r ports.Range) (string, error) {
		info, body, err := st.GetStream(t.Context(), "small.bin", ports.GetOptions{Range: r})
		if err != nil {
			return "", err
		}
		data, err := io.ReadAll(body)
		if t.must(body.Close(), "closing a stream"); info.Size != 10 {
			t.Errorf("get stream of %s answers size %d, want that of the whole", r, info.Size)
		}
		return string(data), err
	}
	for r, want := range map[ports.Range]string{{}: "0123456789", {Offset: 3}: "3456789", {Offset: 3, Length: 2}: "34", {Offset: 8, Length: 9}: "89"} {
		if got, err := read(r); got != want || err != nil {
			t.Errorf("get stream of %s answers %q, %v, want %q", r, got, err, want)
		}
	}
	for _, r := range []ports.Range{{Offset: 10}, {Offset: -1}, {Length: -1}} {
		_, err := read(r)
		t.wantErr(err, ports.ErrInvalidKey, "get stream of %s of 10 bytes", r)
	}
	_, _, err := st.GetStream(t.Context(), "small.bin", ports.GetOptions{IfNoneMatch: v})
	t.wantErr(err, ports.ErrNotModified, "get stream with IfNoneMatch")
	_, _, err = st.GetStream(t.Context(), "absent.bin", ports.GetOptions{})
	t.wantErr(err, ports.ErrNotFound, "get stream of an absent key")
	_, body, err := st.GetStream(t.Context(), "small.bin", ports.GetOptions{})
	t.must(err, "get stream")
	t.wantErr(body.Close(), nil, "closing a stream that was not read")
}

func streamThatFails(t *T, h StoreHarness) {
	s := h.open(t)
	st, ok := streamer(t, s)
	if !ok {
		return
	}
	t.put(s, "k.bin", []byte("old"), ports.Any)
	before := t.state(s)
	own := errors.New("the reader's own error")
	for _, size := range []int{0, 1, 100, streamSize / 2} {
		for _, readerErr := range []error{own, io.ErrUnexpectedEOF} {
			for _, key := range []string{"k.bin", "absent.bin"} {
				body := io.MultiReader(&pattern{size: size}, iotest.ErrReader(readerErr))
				_, err := st.PutStream(t.Context(), key, body, ports.Any)
				t.wantErr(err, readerErr, "put stream of a reader that fails after %d bytes", size)
				t.wantErr(err, ports.ErrUnavailable, "put stream of a reader that fails after %d bytes", size)
				t.wantState(s, before, "put stream of a reader that fails")
			}
		}
	}
	for name, body := range map[string]io.Reader{
		"of single bytes":         iotest.OneByteReader(strings.NewReader("0123456789")),
		"with data at the end":    iotest.DataErrReader(strings.NewReader("0123456789")),
		"that sometimes is empty": io.MultiReader(strings.NewReader("01234"), strings.NewReader(""), strings.NewReader("56789")),
	} {
		_, err := st.PutStream(t.Context(), "k.bin", body, ports.Any)
		t.wantErr(err, nil, "put stream of a reader %s", name)
		t.wantBytes(s, "k.bin", []byte("0123456789"), "after put stream of a reader %s", name)
	}
	_, err := st.PutStream(t.Context(), "k.bin", strings.NewReader(""), ports.Any)
	t.wantErr(err, nil, "put stream of nothing")
	t.wantBytes(s, "k.bin", nil, "after put stream of nothing")
}

func streamCondition(t *T, h StoreHarness) {
	first, second := h.pair(t)
	st, ok := streamer(t, first)
	if !ok {
		return
	}
	v := t.put(first, "k.bin", []byte("old"), ports.Any)
	before := t.state(first)
	for _, size := range []int{10, streamSize} {
		for key, cond := range map[string]ports.Condition{"k.bin": ports.IfAbsent, "absent.bin": ports.IfVersion(v)} {
			_, err := st.PutStream(t.Context(), key, &pattern{size: size}, cond)
			t.wantErr(err, ports.ErrPrecondition, "put stream of %d bytes (%s)", size, cond)
		}
		_, err := st.PutStream(t.Context(), "k.bin", &pattern{size: size}, ports.IfVersion(v+"0"))
		t.wantErr(err, ports.ErrPrecondition, "put stream of %d bytes if another version", size)
		t.wantState(second, before, "a refused put stream")
		overtake(t, second, st, size)
		before = t.state(first)
	}
	v = t.put(first, "k.bin", []byte("old"), ports.Any)
	_, err := st.PutStream(t.Context(), "k.bin", strings.NewReader("new"), ports.IfVersion(v))
	t.wantErr(err, nil, "put stream if the current version")
	t.wantBytes(second, "k.bin", []byte("new"), "after put stream if the current version")
}

// overtake lets another write come between the start of an upload and its end:
// the condition held at the start and holds no more.
func overtake(t *T, other ports.ObjectStore, st ports.Streamer, size int) {
	t.Helper()
	v := t.put(other, "k.bin", []byte("base"), ports.Any)
	t.must(other.Delete(t.Context(), "new.bin", ports.Any), "delete")
	for key, cond := range map[string]ports.Condition{"k.bin": ports.IfVersion(v), "new.bin": ports.IfAbsent} {
		body := &pattern{size: size, at: size / 2, then: func() error {
			_, err := other.Put(t.Context(), key, []byte("overtaken"), ports.Any)
			return err
		}}
		_, err := st.PutStream(t.Context(), key, body, cond)
		t.wantErr(err, ports.ErrPrecondition, "put stream (%s) that another put overtook", cond)
		t.wantBytes(other, key, []byte("overtaken"), "after an upload that was overtaken")
	}
}
