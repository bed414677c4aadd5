package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
)

// A server that only claims conditional writes is refused with the reason.
func TestLiarsAreRefused(t *testing.T) {
	t.Parallel()
	for reason, lie := range map[string]func(*fake){
		"overwrites an object that should only be created":           func(f *fake) { f.ignoreCreate = true },
		"overwrites an object whose version is another one":          func(f *fake) { f.ignoreMatch = true },
		"creates an object that should only be replaced":             func(f *fake) { f.createOnMatch = true },
		"let 8 of 8 concurrent creates of one object succeed":        func(f *fake) { f.everyCreateWins = true },
		"does not list an object that was just written":              func(f *fake) { f.listNothing = true },
		"the server does not list in the byte order of keys":         func(f *fake) { f.backwards = true },
		"overwrites an object that should only be created, below it": func(f *fake) { f.ignoreCreate = true },
	} {
		f := newFake(t, lie)
		c := f.config()
		c.SkipProbe, c.Facts = false, Facts{}
		if strings.HasSuffix(reason, ", below it") {
			c.Prefix = "tenants/7"
		}
		_, err := Open(t.Context(), c)
		if !errors.Is(err, ports.ErrUnsupported) || !strings.Contains(err.Error(), strings.TrimSuffix(reason, ", below it")) {
			t.Errorf("err = %v, want %q", err, reason)
		}
		if len(f.objects) > 0 {
			t.Errorf("%q: %d scratch objects are left", reason, len(f.objects))
		}
	}
}

func TestProbeFindsFacts(t *testing.T) {
	t.Parallel()
	all := Facts{ConditionalDelete: true, MissingDelete: true, ConditionalUpload: true, Nesting: NestingFull}
	for name, tt := range map[string]struct {
		server func(*fake)
		less   func(*Facts)
	}{
		"everything":                    {func(*fake) {}, func(*Facts) {}},
		"deletes under any version":     {func(f *fake) { f.ignoreDelete = true }, func(f *Facts) { f.ConditionalDelete, f.MissingDelete = false, false }},
		"deletes what is missing":       {func(f *fake) { f.missingDelete = true }, func(f *Facts) { f.MissingDelete = false }},
		"uploads under any version":     {func(f *fake) { f.ignoreComplete = true }, func(f *Facts) { f.ConditionalUpload = false }},
		"uploads under another version": {func(f *fake) { f.ignoreCompleteMatch = true }, func(f *Facts) { f.ConditionalUpload = false }},
		"uploads what is missing":       {func(f *fake) { f.createOnComplete = true }, func(f *Facts) { f.ConditionalUpload = false }},
		"refuses nested keys":           {func(f *fake) { f.refuseNested = true }, func(f *Facts) { f.Nesting = NestingRefused }},
		"hides nested keys":             {func(f *fake) { f.hideNested = true }, func(f *Facts) { f.Nesting = NestingHidden }},
		"is busy at times": {func(f *fake) {
			f.intercept = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
				busy := r.Method == http.MethodPut && !strings.Contains(r.URL.RawQuery, "uploadId") && f.count("")%3 == 0
				if busy {
					refuse(w, 503, "SlowDown")
				}
				return busy
			}
		}, func(*Facts) {}},
	} {
		f := newFake(t, tt.server)
		c := f.config()
		c.SkipProbe, c.Facts, c.Clock = false, Facts{}, noWait{ports.SystemClock()}
		s := open(t, c)
		want := all
		tt.less(&want)
		if got := s.Facts(); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if caps := s.Capabilities(); caps.ConditionalDelete != want.ConditionalDelete || caps.NestedKeys != (want.Nesting == NestingFull) || !caps.LateWrites || caps.UniqueVersions {
			t.Errorf("%s: %+v", name, caps)
		}
		if len(f.objects) > 0 || len(f.uploads) > 0 {
			t.Errorf("%s: %d scratch objects and %d uploads are left", name, len(f.objects), len(f.uploads))
		}
		if name == "everything" && f.count("") > 45 {
			t.Errorf("the probe made %d requests", f.count(""))
		}
	}
}

func TestProbeFailsAsItsRequestsDo(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]error{
		"AccessDenied": ports.ErrPermission, "NoSuchBucket": ports.ErrUnavailable, "SlowDown": ports.ErrBusy,
	} {
		f := newFake(t, func(f *fake) {
			f.intercept = func(w http.ResponseWriter, _ *http.Request, _ []byte) bool {
				refuse(w, map[string]int{"AccessDenied": 403, "NoSuchBucket": 404, "SlowDown": 503}[code], code)
				return true
			}
		})
		c := f.config()
		c.SkipProbe, c.Facts, c.Clock = false, Facts{}, noWait{ports.SystemClock()}
		_, err := Open(t.Context(), c)
		wantOutcome(t, err, want, code)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := newFake(t, nil).config()
	c.SkipProbe, c.Facts = false, Facts{}
	_, err := Open(ctx, c)
	wantOutcome(t, err, context.Canceled, "a context that is done")
}
