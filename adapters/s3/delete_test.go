package s3

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

func TestDeleteBatchAnswersEachKey(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	s := open(t, f.config())
	keys := []string{"a.json", "locked/b.json", "../c", "a.json", "locked/b.json"}
	fill(f, "a.json", "locked/b.json")
	errs, err := s.DeleteBatch(t.Context(), keys)
	if err != nil || len(errs) != len(keys) || errs[0] != nil || errs[3] != nil {
		t.Fatal(errs, err)
	}
	for _, i := range []int{1, 4} {
		wantOutcome(t, errs[i], ports.ErrPermission, keys[i])
	}
	wantOutcome(t, errs[2], ports.ErrInvalidKey, keys[2])
	if f.count("POST") != 1 {
		t.Errorf("%d requests", f.count("POST"))
	}
	keys = nil
	for i := range 2*maxBatch + 1 {
		keys = append(keys, fmt.Sprintf("%d.json", i))
	}
	if _, err := s.DeleteBatch(t.Context(), keys); err != nil || f.count("POST") != 1+3 {
		t.Errorf("%d requests, %v", f.count("POST"), err)
	}
}

func TestDeleteBatchStopsAtAFailure(t *testing.T) {
	t.Parallel()
	var requests atomic.Int64
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			return requests.Add(1) > 1 && cut(w, r, body)
		}
	})
	var keys []string
	for i := range 3 * maxBatch {
		keys = append(keys, fmt.Sprintf("%d.json", i))
	}
	errs, err := open(t, f.config()).DeleteBatch(t.Context(), keys)
	if err != nil || errs[0] != nil || errs[maxBatch-1] != nil || requests.Load() != 2 {
		t.Fatalf("%v, %d requests", err, requests.Load())
	}
	wantOutcome(t, errs[maxBatch], ports.ErrUnknown, "a key of the request that failed")
	wantOutcome(t, errs[3*maxBatch-1], ports.ErrUnknown, "a key that was not sent")
}

// XML has no way to write two characters that keys may hold: the key that the
// server would read is another one.
func TestDeleteBatchDeletesNoOtherKey(t *testing.T) {
	t.Parallel()
	f := newFake(t, nil)
	fill(f, "a\ufffe.json", "a\uffff.json", "a\ufffd.json", "b.json")
	keys := []string{"a\ufffe.json", "b.json", "a\uffff.json", "a\ufffe.json"}
	errs, err := open(t, f.config()).DeleteBatch(t.Context(), keys)
	if err != nil || errors.Join(errs...) != nil || len(errs) != len(keys) {
		t.Fatal(errs, err)
	}
	if _, there := f.objects["a\ufffd.json"]; !there || len(f.objects) != 1 {
		t.Errorf("%d objects are left, and the one that was not named: %v", len(f.objects), there)
	}
}

// An answer that is no answer, or tells a failure of another key, is not taken
// for "all deleted".
func TestDeleteBatchTrustsNoOtherAnswer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":           "",
		"an error":          "<Error><Code>InternalError</Code></Error>",
		"a page of a proxy": "<html></html>",
		"a cut answer":      "<DeleteResult><Error><Key>a.json</Key>",
		"an unknown key":    "<DeleteResult><Error><Key>other.json</Key><Code>AccessDenied</Code></Error></DeleteResult>",
		"no key":            "<DeleteResult><Error><Code>InternalError</Code></Error></DeleteResult>",
	} {
		f := newFake(t, func(f *fake) {
			f.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				_, _ = w.Write([]byte(body))
				return true
			}
		})
		errs, err := open(t, f.config()).DeleteBatch(t.Context(), []string{"a.json"})
		if err == nil && len(errs) == 1 {
			err = errs[0]
		}
		wantOutcome(t, err, ports.ErrUnknown, name)
	}
}

// On a server that answers "done" where nothing is, one of many deletes of a
// version is told that it did it.
func TestOneConditionalDeleteWins(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) { f.missingDelete = true })
	c := f.config()
	c.Facts.MissingDelete = false
	one, two := open(t, c), open(t, c)
	v, err := one.Put(t.Context(), anyKey, nil, ports.IfAbsent)
	if err != nil {
		t.Fatal(err)
	}
	var won atomic.Int64
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			err := []*Store{one, two}[i%2].Delete(t.Context(), anyKey, ports.IfVersion(v))
			if err == nil {
				won.Add(1)
				return
			}
			wantOutcome(t, err, ports.ErrPrecondition, "a delete that lost")
		})
	}
	if all.Wait(); won.Load() != 1 {
		t.Errorf("%d deletes won", won.Load())
	}
}

func TestPlainKeysDoNotNest(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"a.json": false, "users/1.json": false, "_sb/tx/0a/x.json": false, "a/b/c.seg": false, ".git/config.x": false,
		"a": true, "a/b": true, "users/1": true, "v1.0/x.json": true, "a.json/b.json": true, "a.": true, ".json": true, "a/.json": true,
	} {
		if mayNest(key) != want {
			t.Errorf("%q: %v", key, !want)
		}
	}
}

// Keys that could nest cost requests on one kind of server, others none.
func TestCostOfNesting(t *testing.T) {
	t.Parallel()
	for nesting, want := range map[Nesting]map[string]int{
		NestingFull:    {"users/1.json": 1, "users/1": 1},
		NestingRefused: {"users/1.json": 1, "users/1": 1},
		NestingHidden:  {"users/1.json": 1, "users/1": 3},
	} {
		f := newFake(t, nil)
		c := f.config()
		c.Facts.Nesting = nesting
		s := open(t, c)
		for key, requests := range want {
			before := f.count("")
			if _, err := s.Put(t.Context(), key, nil, ports.IfAbsent); err != nil || f.count("")-before != requests {
				t.Errorf("nesting %d: put of %q made %d requests, want %d; %v", nesting, key, f.count("")-before, requests, err)
			}
		}
	}
}

// While folders come and go, a file-backed server takes a key for nested that
// is not.
func TestSpuriousNestingIsBusy(t *testing.T) {
	t.Parallel()
	f := newFake(t, func(f *fake) {
		f.intercept = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			if r.Method == http.MethodPut {
				refuse(w, 409, "ExistingObjectIsDirectory")
			}
			return r.Method == http.MethodPut
		}
	})
	s := open(t, f.config())
	_, err := s.Put(t.Context(), "a/b", nil, ports.IfAbsent)
	wantOutcome(t, err, ports.ErrBusy, "put")
	for _, there := range []string{"a", "a/b/c.json"} {
		f.mu.Lock()
		clear(f.objects)
		fill(f, there)
		f.mu.Unlock()
		_, err = s.Put(t.Context(), "a/b", nil, ports.IfAbsent)
		wantOutcome(t, err, ports.ErrUnsupported, "put beside", there)
	}
}

func TestReservedNamesAreRefused(t *testing.T) {
	t.Parallel()
	c := newFake(t, nil).config()
	c.Facts.Nesting = NestingRefused
	s := open(t, c)
	for _, key := range []string{".sgwtmp", ".sgwtmp/x.json", "a\ufffe.json", "a\uffff/b.json", "users/.1.json.sgwtmp.1795518584871279039"} {
		_, err := s.Put(t.Context(), key, nil, ports.Any)
		wantOutcome(t, err, ports.ErrInvalidKey, key)
		_, err = s.PutStream(t.Context(), key, strings.NewReader(""), ports.Any)
		wantOutcome(t, err, ports.ErrInvalidKey, key)
	}
	if _, err := s.Put(t.Context(), "users/x.sgwtmp.json", nil, ports.Any); err != nil {
		t.Error(err)
	}
}
