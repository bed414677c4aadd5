package gcs

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// lie makes a server leave a condition out where it matches.
func lie(srv *server, matches func(method, condition, name string) bool) {
	srv.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		q := r.URL.Query()
		if cond := q.Get("ifGenerationMatch"); cond != "" && matches(r.Method, cond, q.Get("name")) {
			q.Del("ifGenerationMatch")
			r.URL.RawQuery = q.Encode()
		}
		return false
	}
}

func probed(c *Config) { c.SkipProbe = false }

func TestAServerThatIgnoresConditionsIsRefused(t *testing.T) {
	t.Parallel()
	for reason, matches := range map[string]func(method, cond, name string) bool{
		"a create-only put replaced an object":        func(m, c, _ string) bool { return m == http.MethodPost && c == "0" },
		"a put on another generation replaced":        func(m, c, _ string) bool { return m == http.MethodPost && c == "1" },
		"a put on a generation created an object":     func(_, _, n string) bool { return strings.HasSuffix(n, missingKey) },
		"of 8 create-only puts at once 8 succeeded":   func(_, _, n string) bool { return strings.HasSuffix(n, raceKey) },
		"so that concurrent writers would lose updat": func(m, _, _ string) bool { return m == http.MethodPost },
	} {
		srv := newServer(t)
		lie(srv, matches)
		_, err := Open(t.Context(), Config{Bucket: bucketName, Endpoint: srv.URL})
		wantErr(t, err, ports.ErrUnsupported, "open")
		if err == nil || !strings.Contains(err.Error(), reason) || !strings.HasPrefix(err.Error(), "open: ") {
			t.Errorf("open of a server that ignores conditions answers %v, want %q", err, reason)
		}
		if left := len(srv.objects); left != 0 {
			t.Errorf("a failed probe left %d objects", left)
		}
	}
}

func TestAPutThatIsNotListedIsRefused(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.HasSuffix(r.URL.Path, "/o") || r.Method != http.MethodGet {
			return false
		}
		answer(w, map[string]any{})
		return true
	}
	_, err := Open(t.Context(), Config{Bucket: bucketName, Endpoint: srv.URL})
	wantErr(t, err, ports.ErrUnsupported, "open")
	if err == nil || !strings.Contains(err.Error(), "right after its put") {
		t.Errorf("open answers %v", err)
	}
}

func TestAServerThatIgnoresConditionsOfDeletesIsUsed(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	lie(srv, func(method, _, _ string) bool { return method == http.MethodDelete })
	store := open(t, srv, probed)
	if store.Capabilities().ConditionalDelete {
		t.Error("a conditional delete is claimed")
	}
	v, err := store.Put(t.Context(), "k.json", nil, ports.Any)
	check(t, err)
	srv.requests()
	wantErr(t, store.Delete(t.Context(), "k.json", ports.IfVersion(v)), ports.ErrUnsupported, "conditional delete")
	if asked := srv.requests(); len(asked) != 0 {
		t.Errorf("it sent %q", asked)
	}
}

func TestAServerWithoutNestedKeysIsUsed(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if name := r.URL.Query().Get("name"); !strings.HasSuffix(name, nestedKey) {
			return false
		}
		answerError(w, http.StatusInternalServerError, "not a directory")
		return true
	}
	if open(t, srv, probed).Capabilities().NestedKeys {
		t.Error("nested keys are claimed")
	}
}

func TestAProbeLeavesNothingAndStaysBelowThePrefix(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	var outside atomic.Value
	srv.intercept = func(_ http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.String(), url.QueryEscape("tenants/7/_sb/probe/")) {
			outside.Store(r.URL.String())
		}
		return false
	}
	store := open(t, srv, probed, func(c *Config) { c.Prefix = "tenants/7" })
	asked := srv.requests()
	if len(srv.objects) != 0 || len(asked) > 24 {
		t.Errorf("a probe left %d objects, after %d requests", len(srv.objects), len(asked))
	}
	if url := outside.Load(); url != nil {
		t.Errorf("a probe asked for %v", url)
	}
	c := store.Capabilities()
	if !c.ConditionalDelete || !c.UniqueVersions || !c.LateWrites || !c.NestedKeys || c.MaxObjectSize != 5<<40 || c.Name != "gcs" {
		t.Errorf("capabilities are %+v", c)
	}
}

func TestAProbeWithoutRightsSaysSo(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPost {
			answerError(w, http.StatusForbidden, "no storage.objects.create access")
		}
		return r.Method == http.MethodPost
	}
	_, err := Open(t.Context(), Config{Bucket: bucketName, Endpoint: srv.URL})
	wantErr(t, err, ports.ErrPermission, "open")
}

// waits is a clock whose sleeps are over at once.
type waits struct {
	ports.Clock
	mu    sync.Mutex
	slept []time.Duration
}

func (w *waits) Sleep(ctx context.Context, d time.Duration) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slept = append(w.slept, d)
	return ctx.Err()
}

// Google lets about one write a second through to one name.
func TestAProbeWaitsWhereItIsThrottled(t *testing.T) {
	t.Parallel()
	srv := newServer(t)
	clock := &waits{Clock: ports.SystemClock()}
	throttle := func(times int) { // each name
		seen := map[string]int{}
		srv.intercept = func(w http.ResponseWriter, r *http.Request) bool {
			srv.mu.Lock()
			name := r.URL.Query().Get("name")
			seen[name]++
			busy := name != "" && seen[name] <= times
			srv.mu.Unlock()
			if busy {
				answerError(w, http.StatusTooManyRequests, "rateLimitExceeded")
			}
			return busy
		}
	}
	throttle(2)
	open(t, srv, probed, func(c *Config) { c.Clock = clock })
	if len(clock.slept) != 2*4 || slices.Min(clock.slept) < time.Second/2 || slices.Max(clock.slept) > time.Second {
		t.Errorf("it waited %v", clock.slept)
	}
	throttle(1000)
	_, err := Open(t.Context(), Config{Bucket: bucketName, Endpoint: srv.URL, Clock: clock})
	wantErr(t, err, ports.ErrBusy, "open of a bucket that stays busy")
}
