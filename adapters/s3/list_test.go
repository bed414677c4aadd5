package s3

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func listAll(ctx context.Context, s ports.ObjectStore, opts ports.ListOptions) (keys []string, err error) {
	for info, err := range s.List(ctx, opts) {
		if err != nil {
			return keys, err
		}
		keys = append(keys, info.Key)
	}
	return keys, nil
}

func fill(f *fake, keys ...string) {
	for _, key := range keys {
		f.objects[key] = stored{data: []byte(key), etag: etag}
	}
}

// What a list asks the server for, in requests.
func TestListAsksForNoMoreThanNeeded(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	for i := range 2500 {
		fill(f, fmt.Sprintf("k/%04d.json", i))
	}
	s := open(t, f.config())
	for _, tt := range []struct {
		opts     ports.ListOptions
		keys     int
		requests int
	}{
		{ports.ListOptions{}, 2500, 3},
		{ports.ListOptions{Prefix: "k/00"}, 100, 1},
		{ports.ListOptions{Limit: 1}, 1, 1},
		{ports.ListOptions{Limit: 1000}, 1000, 1},
		{ports.ListOptions{Limit: 1001}, 1001, 2},
		{ports.ListOptions{StartAfter: "k/2000.json"}, 499, 1},
		{ports.ListOptions{EndBefore: "k/0010.json"}, 10, 1},
		{ports.ListOptions{Prefix: "k//"}, 0, 0},
		{ports.ListOptions{Prefix: "../"}, 0, 0},
		{ports.ListOptions{Prefix: "k/\x01"}, 0, 0},
		{ports.ListOptions{Prefix: strings.Repeat("k", 256) + "/"}, 0, 0},
		{ports.ListOptions{Prefix: "."}, 0, 1},
		{ports.ListOptions{Prefix: "k/\xc3"}, 0, 3},
	} {
		before := f.count("")
		keys, err := listAll(t.Context(), s, tt.opts)
		if err != nil || len(keys) != tt.keys || f.count("")-before != tt.requests {
			t.Errorf("%+v: %d keys with %d requests, want %d with %d; err %v", tt.opts, len(keys), f.count("")-before, tt.keys, tt.requests, err)
		}
	}
}

func TestListPassesOverForeignKeys(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	fill(f, "a.json", "a/", "//b", "c\x01", "d/../e", "f.json", strings.Repeat("g", 300), "é/.x", "h/.json.sgwtmp.17")
	for nesting, want := range map[Nesting][]string{
		NestingFull:    {"a.json", "f.json", "h/.json.sgwtmp.17", "é/.x"},
		NestingRefused: {"a.json", "f.json", "é/.x"},
	} {
		c := f.config()
		c.Facts.Nesting = nesting
		if keys, err := listAll(t.Context(), open(t, c), ports.ListOptions{}); err != nil || !slices.Equal(keys, want) {
			t.Errorf("nesting %d: %q, %v", nesting, keys, err)
		}
	}
}

func TestListFailsWhereItCanNotGoOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		body string
		want error
	}{
		"out of order":         {document(complete + content("b", "") + content("a", "")), ports.ErrUnsupported},
		"twice":                {document(complete + content("a", "") + content("a", "")), ports.ErrUnsupported},
		"more, but not where":  {document("<IsTruncated>true</IsTruncated>"), ports.ErrUnavailable},
		"cut":                  {document(complete + content("a", ""))[:200], ports.ErrUnavailable},
		"an error with 200":    {`<Error><Code>SlowDown</Code></Error>`, ports.ErrBusy},
		"another one with 200": {`<Error><Code>InternalError</Code></Error>`, ports.ErrUnavailable},
	} {
		f := newFake(t, func(f *fake) {
			f.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				_, _ = w.Write([]byte(tt.body))
				return true
			}
		})
		_, err := listAll(t.Context(), open(t, f.config()), ports.ListOptions{})
		wantOutcome(t, err, tt.want, name)
	}
}

// A server that gives no token is asked to go on after the last key.
func TestListGoesOnWithoutToken(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			text := document("<IsTruncated>true</IsTruncated>" + content("a", ""))
			if r.URL.Query().Get("start-after") == "a" {
				text = document(complete + content("b", ""))
			}
			_, _ = w.Write([]byte(text))
			return true
		}
	})
	if keys, err := listAll(t.Context(), open(t, f.config()), ports.ListOptions{}); err != nil || !slices.Equal(keys, []string{"a", "b"}) {
		t.Errorf("%q, %v", keys, err)
	}
}

// MinIO ends a list early, and says that it is complete, where what it passes
// over on its way to the start fills a page.
func TestListIsCompleteWhereTheServerLosesItsPlace(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) { f.losesPlace = true })
	var keys []string
	for i := range 1010 {
		keys = append(keys, fmt.Sprintf("u/a-b/%04d.json", i), fmt.Sprintf("u/a/%04d.json", i), fmt.Sprintf("u/a/x/y/%04d.json", i))
	}
	keys = append(keys, "u/a0", "u/a/x0", "u0", "v/1.json", "u/a-b.json")
	slices.Sort(keys)
	fill(f, keys...)
	c := f.config()
	c.Facts.Nesting = NestingHidden
	s := open(t, c)
	for _, after := range []string{"", "a", "u", "u/", "u/a", "u/a/", "u/a/0700.json", "u/a/x/y/", "u/a/x/y/1009.json", "u/a/x/z", "u/a0", "u/b/c", "u/./a", "u/..", "u/a//b", "u/a/\xff", "v/1.json"} {
		for _, prefix := range []string{"", "u", "u/", "u/a", "u/a/x/"} {
			for _, limit := range []int{0, 7, 1001} {
				for _, before := range []string{"", "u/a/x/y/1008.json"} {
					opts := ports.ListOptions{Prefix: prefix, StartAfter: after, EndBefore: before, Limit: limit}
					got, err := listAll(t.Context(), s, opts)
					if want := selected(keys, opts); err != nil || !slices.Equal(got, want) {
						t.Errorf("%+v: %d keys, want %d; %v", opts, len(got), len(want), err)
					}
				}
			}
		}
	}
}

func selected(keys []string, o ports.ListOptions) (want []string) {
	for _, key := range keys {
		if strings.HasPrefix(key, o.Prefix) && key > o.StartAfter && (o.EndBefore == "" || key < o.EndBefore) && (o.Limit == 0 || len(want) < o.Limit) {
			want = append(want, key)
		}
	}
	return want
}

func TestValidKeyIsValidateKey(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"", "a", "a/b.json", "/a", "a/", "a//b", ".", "..", "a/.", "a/..", "a/.b", ".a", "a/../b", "a b", "é", "a\x01", "a\x7f", "\xff",
		strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("a/", 200) + "b",
	} {
		if got, want := validKey(key), ports.ValidateKey(key) == nil; got != want {
			t.Errorf("%q: %v, want %v", key, got, want)
		}
	}
}
