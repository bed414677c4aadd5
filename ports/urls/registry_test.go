package urls_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

// store is an object store that only remembers the URL it was opened by.
type store struct {
	ports.ObjectStore
	url *url.URL
}

var registered atomic.Int64

// fresh makes a scheme that no other test, and no earlier run of this one, has
// registered: the registries last as long as the process.
func fresh(name string) string { return fmt.Sprintf("test-%s-%d", name, registered.Add(1)) }

func openStore(_ context.Context, u *url.URL) (ports.ObjectStore, error) { return store{url: u}, nil }

func openIndex(context.Context, *url.URL) (ports.Index, error) {
	return nil, errors.New("the index's own error")
}

func TestOpenStoreHandsTheURLToTheRegisteredAdapter(t *testing.T) {
	t.Parallel()
	scheme := fresh("open")
	urls.RegisterStore(scheme, openStore)
	got, err := urls.OpenStore(t.Context(), strings.ToUpper(scheme)+"://host/path?x=1")
	if err != nil {
		t.Fatal(err)
	}
	if u := got.(store).url; u.Host != "host" || u.Path != "/path" || u.RawQuery != "x=1" {
		t.Errorf("opened by %v", u)
	}
}

func TestOpenIndexHandsBackTheAdaptersError(t *testing.T) {
	t.Parallel()
	scheme := fresh("index-error")
	urls.RegisterIndex(scheme, openIndex)
	if _, err := urls.OpenIndex(t.Context(), scheme+"://"); err == nil || err.Error() != "the index's own error" {
		t.Errorf("err = %v", err)
	}
}

func TestStoresAndIndexesHaveSeparateRegistries(t *testing.T) {
	t.Parallel()
	both, apart := fresh("both"), fresh("apart")
	urls.RegisterStore(both, openStore)
	urls.RegisterIndex(both, openIndex)
	urls.RegisterStore(apart, openStore)
	if !slices.Contains(urls.StoreSchemes(), both) || !slices.Contains(urls.IndexSchemes(), both) {
		t.Errorf("stores %v, indexes %v", urls.StoreSchemes(), urls.IndexSchemes())
	}
	if slices.Contains(urls.IndexSchemes(), apart) {
		t.Error("a scheme of a store is listed as one of an index")
	}
}

func TestSchemesAreSorted(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"c", "a", "b"} {
		urls.RegisterStore(fresh(name), openStore)
	}
	if got := urls.StoreSchemes(); !slices.IsSorted(got) {
		t.Errorf("schemes %v", got)
	}
}

func TestRegisterPanicsAndNamesTheScheme(t *testing.T) {
	t.Parallel()
	twice := fresh("twice")
	urls.RegisterStore(twice, openStore)
	urls.RegisterIndex(twice, openIndex)
	cases := map[string]struct {
		register func()
		names    string
	}{
		"store twice":  {func() { urls.RegisterStore(twice, openStore) }, twice},
		"index twice":  {func() { urls.RegisterIndex(twice, openIndex) }, twice},
		"empty":        {func() { urls.RegisterStore("", openStore) }, `""`},
		"upper case":   {func() { urls.RegisterStore("S3", openStore) }, `"S3"`},
		"not a scheme": {func() { urls.RegisterIndex("3s", openIndex) }, `"3s"`},
		"nil function": {func() { urls.RegisterStore("test-nil", nil) }, `"test-nil"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if message := fmt.Sprint(recover()); !strings.Contains(message, c.names) {
					t.Errorf("panic %q does not name %s", message, c.names)
				}
			}()
			c.register()
		})
	}
}

func TestAnUnknownSchemeAnswersWithTheImportLine(t *testing.T) {
	t.Parallel()
	open := map[string]func(string) error{
		"store": func(u string) error { _, err := urls.OpenStore(t.Context(), u); return err },
		"index": func(u string) error { _, err := urls.OpenIndex(t.Context(), u); return err },
	}
	for _, c := range []struct{ kind, scheme, folder string }{
		{"store", "file", "fs"},
		{"store", "mem", "memory"},
		{"store", "s3", "s3"},
		{"store", "gs", "gcs"},
		{"store", "minio", "minio"},
		{"index", "bolt", "bolt"},
		{"index", "mem", "memory"},
		{"index", "redis", "redis"},
		{"index", "rediss", "redis"},
	} {
		err := open[c.kind](c.scheme + "://somewhere")
		if !errors.Is(err, ports.ErrUnsupported) {
			t.Errorf("%s %s: err = %v", c.kind, c.scheme, err)
			continue
		}
		line := fmt.Sprintf(`import _ "github.com/smarterbase/smarterbase/adapters/%s"`, c.folder)
		if !strings.Contains(err.Error(), line) {
			t.Errorf("%s %s: %q lacks %s", c.kind, c.scheme, err, line)
		}
	}
}

func TestAnUnknownSchemeAnswersWithTheRegisteredOnes(t *testing.T) {
	t.Parallel()
	listed := fresh("listed")
	urls.RegisterStore(listed, openStore)
	_, err := urls.OpenStore(t.Context(), "nobody://x")
	if !errors.Is(err, ports.ErrUnsupported) || !strings.Contains(err.Error(), listed) {
		t.Errorf("err = %v", err)
	}
	if strings.Contains(err.Error(), "import _") {
		t.Errorf("an import line was made up: %v", err)
	}
}

func TestErrorsHoldNoSecret(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{
		"nobody://user:hunter2@host/path?token=hunter2#hunter2",
		"nobody://user:hunter2/x@host",   // the password looks like a port
		"nobody://user:%zzhunter2@host",  // a bad escape
		"user:hunter2@host",              // no scheme, or one that is no scheme
		"//user:hunter2@host",            // no scheme at all
		"nobody://user:\x7fhunter2@host", // a control character
	} {
		_, err := urls.OpenStore(t.Context(), raw)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: err = %v", raw, err)
		}
	}
}

func TestAURLWithoutSchemeIsRefused(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "./data", "data/x", "http://[::1"} {
		if _, err := urls.OpenStore(t.Context(), raw); !errors.Is(err, ports.ErrInvalidKey) {
			t.Errorf("%q: err = %v", raw, err)
		}
	}
}

func TestOpenHonoursTheContext(t *testing.T) {
	t.Parallel()
	scheme := fresh("context")
	urls.RegisterStore(scheme, openStore)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := urls.OpenStore(ctx, scheme+"://"); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestRegisterAndOpenAreSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			scheme := fresh("race")
			urls.RegisterStore(scheme, openStore)
			if _, err := urls.OpenStore(t.Context(), scheme+"://"); err != nil {
				t.Error(err)
			}
			urls.StoreSchemes()
		})
	}
	wg.Wait()
}
