package minio

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// What MinIO would ignore is refused before anything is sent.
func TestConditionsOfDeletesAreRefused(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := unprobed(t, f)
	for _, cond := range []ports.Condition{ports.IfAbsent, ports.IfVersion("v")} {
		wantErr(t, s.Delete(t.Context(), "k.json", cond), ports.ErrUnsupported, cond.String())
	}
	if n := f.count(""); n > 0 {
		t.Errorf("%d requests were made", n)
	}
}

// A version that no server makes would mean something else in a header.
func TestVersionsThatAreNoETag(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := unprobed(t, f)
	_, err := s.Put(t.Context(), "k.json", []byte("data"), ports.Any)
	check(t, err)
	before := f.count("")
	for _, v := range []ports.Version{"", "*", `a", "b`, "a b", "\n", "é"} {
		_, err := s.Put(t.Context(), "k.json", []byte("other"), ports.IfVersion(v))
		wantErr(t, err, ports.ErrPrecondition, "put if version "+string(v))
		_, err = s.PutStream(t.Context(), "k.json", strings.NewReader("other"), ports.IfVersion(v))
		wantErr(t, err, ports.ErrPrecondition, "put stream if version "+string(v))
		if f.count("") != before {
			t.Fatalf("a condition with %q was sent", v)
		}
	}
	_, err = s.Get(t.Context(), "k.json", ports.GetOptions{IfNoneMatch: "*"})
	check(t, err)
}

func TestRequestsOfEachCall(t *testing.T) {
	t.Parallel()
	for _, call := range calls {
		f := newFake()
		s := unprobed(t, f)
		_, err := s.Put(t.Context(), "k.json", []byte("x"), ports.Any)
		check(t, err)
		before := f.count("")
		_ = call.do(t.Context(), s)
		if n := f.count("") - before; n != 1 {
			t.Errorf("%s makes %d requests: %q", call.name, n, f.requests)
		}
	}
}

func TestListPages(t *testing.T) {
	t.Parallel()
	f := newFake()
	for i := range 2500 {
		f.store(fmt.Sprintf("k/%04d.json", i), nil, "")
	}
	s := unprobed(t, f)
	for _, c := range []struct{ limit, objects, requests int }{{0, 2500, 3}, {1000, 1000, 1}, {999, 999, 1}, {10, 10, 1}, {2000, 2000, 2}} {
		before, n := f.count(""), 0
		for _, err := range s.List(t.Context(), ports.ListOptions{Prefix: "k/", Limit: c.limit}) {
			check(t, err)
			n++
		}
		if asked := f.count("") - before; n != c.objects || asked != c.requests {
			t.Errorf("a list with limit %d yields %d objects by %d requests, want %d by %d", c.limit, n, asked, c.objects, c.requests)
		}
	}
}

// A limit counts objects of this package alone.
func TestListPassesOverOthers(t *testing.T) {
	t.Parallel()
	f := newFake()
	for _, name := range []string{"a", "a/b", "a.json", "a.json/", "a.json\t", "b\t", "c.json"} {
		f.store(name, nil, "")
	}
	var got []string
	for info, err := range unprobed(t, f).List(t.Context(), ports.ListOptions{Limit: 3}) {
		check(t, err)
		got = append(got, info.Key)
	}
	if want := []string{"a.json", "b", "c.json"}; !slices.Equal(got, want) {
		t.Errorf("list yields %q, want %q", got, want)
	}
}

func TestDeleteBatch(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := unprobed(t, f)
	var keys []string
	for i := range 2100 {
		keys = append(keys, fmt.Sprintf("k/%04d", i))
		f.store(keys[i]+objectMark, nil, "")
	}
	keys = append(keys, "k/locked.json", "../invalid", "absent.json", "k/0000")
	errs, err := s.DeleteBatch(t.Context(), keys)
	check(t, err)
	for i, err := range errs {
		var want error
		switch keys[i] {
		case "k/locked.json":
			want = ports.ErrPermission
		case "../invalid":
			want = ports.ErrInvalidKey
		}
		if wantErr(t, err, want, keys[i]); want != nil {
			wantOutcome(t, err, want, keys[i], keys[i])
		}
	}
	if n := f.count("POST"); n != 3 || len(f.objects) > 0 {
		t.Errorf("%d requests, and %d objects are left", n, len(f.objects))
	}
	errs, err = s.DeleteBatch(t.Context(), nil)
	if len(errs) > 0 || err != nil || f.count("POST") != 3 {
		t.Errorf("a batch of nothing answers %v, %v", errs, err)
	}
}

// What an answer does not mention is not known.
func TestDeleteBatchWithoutAnswer(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.before = func(*http.Request) (*http.Response, error) {
		return reply(200, nil, "<DeleteResult></DeleteResult>"), nil
	}
	errs, err := unprobed(t, f).DeleteBatch(t.Context(), []string{"a.json"})
	check(t, err)
	wantOutcome(t, errs[0], ports.ErrUnknown, "a.json", "delete batch")
}

// The connections of a store are closed after the last call that began before
// its Close.
func TestCloseWaitsForStreams(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.store("k.json", []byte("data"), "")
	released := false
	opts := config(f).options()
	check(t, opts.applyDefaults())
	made, _, err := dial(config(f))
	check(t, err)
	s := newBucket(made, opts, func() { released = true })
	_, body, err := s.GetStream(t.Context(), "k.json", ports.GetOptions{})
	check(t, err)
	check(t, s.Close())
	if released {
		t.Error("released while a stream is open")
	}
	data, err := io.ReadAll(body)
	if check(t, err); string(data) != "data" {
		t.Errorf("the stream gives %q", data)
	}
	check(t, body.Close())
	if !released {
		t.Error("not released after the last stream")
	}
	wantErr(t, s.Ping(t.Context()), ports.ErrClosed, "ping after close")
}

func TestContentTypes(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := unprobed(t, f)
	var got []string
	f.before = func(req *http.Request) (*http.Response, error) {
		got = append(got, req.Header.Get("Content-Type"))
		return nil, nil
	}
	for _, key := range []string{"k.json", "k.bin"} {
		_, err := s.Put(t.Context(), key, nil, ports.Any)
		check(t, err)
	}
	if !slices.Equal(got, []string{"application/json", "application/octet-stream"}) {
		t.Errorf("content types are %q", got)
	}
}

// The answer of a server that knows no ranges is cut here, and so is that to a
// range of an empty object, which is in no range.
func TestRangesThatServersDoNotKnow(t *testing.T) {
	t.Parallel()
	for _, ignore := range []bool{false, true} {
		f := newFake()
		f.ignoreRange = ignore
		f.store("k.json", []byte("0123456789"), "")
		f.store("empty.json", nil, "")
		s := unprobed(t, f)
		for r, want := range map[ports.Range]string{
			{}: "0123456789", {Offset: 3}: "3456789", {Length: 2}: "01", {Offset: 8, Length: math.MaxInt64}: "89",
		} {
			o, err := s.Get(t.Context(), "k.json", ports.GetOptions{Range: r})
			if err != nil || string(o.Data) != want || o.Size != 10 {
				t.Errorf("get of %s answers %q of %d, %v", r, o.Data, o.Size, err)
			}
		}
		for _, r := range []ports.Range{{Offset: 10}, {Offset: math.MaxInt64, Length: math.MaxInt64}, {Offset: -1}, {Length: -1}} {
			_, err := s.Get(t.Context(), "k.json", ports.GetOptions{Range: r})
			wantOutcome(t, err, ports.ErrInvalidKey, "k.json", "get of "+r.String())
		}
		o, err := s.Get(t.Context(), "empty.json", ports.GetOptions{Range: ports.Range{Length: 5}})
		if err != nil || o.Data == nil || len(o.Data) > 0 {
			t.Errorf("get of a range of an empty object answers %q, %v", o.Data, err)
		}
	}
}
