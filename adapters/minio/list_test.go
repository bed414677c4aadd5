package minio

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func listAll(t *testing.T, s ports.ObjectStore, opts ports.ListOptions) (keys []string, err error) {
	t.Helper()
	for info, err := range s.List(t.Context(), opts) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

// MinIO ends a list early, and says that it is complete, where what it passes
// over on its way to the start fills a page.
func TestListIsCompleteWhereTheServerLosesItsPlace(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.losesPlace = true
	var keys []string
	for i := range 1010 {
		keys = append(keys, fmt.Sprintf("u/a-b/%04d.json", i), fmt.Sprintf("u/a/%04d.json", i), fmt.Sprintf("u/a/x/y/%04d.json", i))
	}
	keys = append(keys, "u/a0", "u/a/x0", "u0", "v/1.json", "u/a-b.json", "u/a.json/1.json", "u/a")
	slices.Sort(keys)
	for _, key := range keys {
		name, _ := encode(key)
		f.store(name, []byte(key), "")
	}
	s := unprobed(t, f)
	for _, after := range []string{"", "a", "u", "u/", "u/a", "u/a/", "u/a/0700.json", "u/a/x/y/", "u/a/x/y/1009.json", "u/a/x/z", "u/a0", "u/b/c", "u/./a", "u/..", "u/a//b", "u/a/\xff", "v/1.json"} {
		for _, prefix := range []string{"", "u", "u/", "u/a", "u/a/x/"} {
			for _, limit := range []int{0, 7, 1001} {
				opts := ports.ListOptions{Prefix: prefix, StartAfter: after, Limit: limit, EndBefore: "u/a0"}
				var want []string
				for _, key := range keys {
					if strings.HasPrefix(key, prefix) && key > after && key < "u/a0" && (limit == 0 || len(want) < limit) {
						want = append(want, key)
					}
				}
				if got, err := listAll(t, s, opts); err != nil || !slices.Equal(got, want) {
					t.Errorf("%+v: %d keys, want %d; %v", opts, len(got), len(want), err)
				}
			}
		}
	}
}

// A document that is no list is not an empty one.
func TestListFailsWhereTheAnswerIsNoList(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want error
	}{
		"an error with 200":    {`<?xml version="1.0"?><Error><Code>SlowDown</Code></Error>`, ports.ErrBusy},
		"another one with 200": {`<Error><Code>InternalError</Code></Error>`, ports.ErrUnavailable},
		"a page of a proxy":    {"<html><body>welcome</body></html>", ports.ErrUnavailable},
		"nothing":              {"", ports.ErrUnavailable},
		"a cut list":           {"<ListBucketResult><IsTruncated>false</IsTruncated>", ports.ErrUnavailable},
	} {
		f := newFake()
		f.before = func(*http.Request) (*http.Response, error) { return reply(http.StatusOK, nil, c.body), nil }
		_, err := listAll(t, unprobed(t, f), ports.ListOptions{})
		wantOutcome(t, err, c.want, "", name)
	}
	f := newFake()
	f.before = func(*http.Request) (*http.Response, error) {
		return reply(http.StatusOK, nil, "\ufeff<?xml version='1.0'?>\n<!-- c -->\n<s:ListBucketResult xmlns:s='x'></s:ListBucketResult>"), nil
	}
	if keys, err := listAll(t, unprobed(t, f), ports.ListOptions{}); err != nil || len(keys) != 0 {
		t.Errorf("an empty list: %q, %v", keys, err)
	}
}

func TestListOutOfOrderFails(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.backwards = true
	f.store("a.json", nil, "")
	f.store("b.json", nil, "")
	_, err := listAll(t, unprobed(t, f), ports.ListOptions{})
	wantOutcome(t, err, ports.ErrUnsupported, "", "a list out of order")
}

// A part of an object that is not the one that was asked for is no answer.
func TestOtherRangesAreNoAnswer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ part, body string }{
		{"bytes 0-2/10", "012"}, {"bytes 3-6/10", "3456"}, {"bytes 3-5/10", "34"}, {"bytes 3-5/4", "345"}, {"bytes 3-5/*", "345"},
	} {
		f := newFake()
		f.before = func(*http.Request) (*http.Response, error) {
			header := http.Header{"Etag": {`"e"`}, "Last-Modified": {"Fri, 02 Jan 2026 03:04:05 GMT"}, "Content-Range": {c.part}, "Content-Length": {fmt.Sprint(len(c.body))}}
			return reply(http.StatusPartialContent, header, c.body), nil
		}
		_, err := unprobed(t, f).Get(t.Context(), "k.json", ports.GetOptions{Range: ports.Range{Offset: 3, Length: 3}})
		wantOutcome(t, err, ports.ErrUnavailable, "k.json", c.part)
	}
}

// A stream whose context ends with its last part is not completed, and its
// parts are removed.
func TestStreamIsNotCompletedAfterItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	f := newFake()
	s := unprobed(t, f)
	f.before = func(req *http.Request) (*http.Response, error) {
		if req.URL.Query().Get("partNumber") == "2" {
			cancel()
			return reply(http.StatusOK, http.Header{"Etag": {`"e"`}}, ""), nil
		}
		return nil, nil
	}
	_, err := s.PutStream(ctx, "k.json", strings.NewReader(strings.Repeat("x", s.partSize+1)), ports.Any)
	wantOutcome(t, err, context.Canceled, "k.json", "a stream whose context ended")
	if len(f.uploads) > 0 {
		t.Errorf("%d uploads are left", len(f.uploads))
	}
}
