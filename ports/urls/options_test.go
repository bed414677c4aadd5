package urls_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func parse(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestOptionsReturnsKnownParameters(t *testing.T) {
	t.Parallel()
	got, err := urls.Options(parse(t, "x://h?sync=none&mode=0600"), "mode", "sync", "other")
	if err != nil || got.Get("sync") != "none" || got.Get("mode") != "0600" || got.Has("other") {
		t.Errorf("options %v, err %v", got, err)
	}
	if got, err := urls.Options(parse(t, "x://h")); err != nil || len(got) != 0 {
		t.Errorf("no query: options %v, err %v", got, err)
	}
}

func TestOptionsRefusesByName(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"x://h?synk=hunter2":           `unknown parameter "synk" (known: mode, sync)`,
		"x://h?sync=hunter2&sync=none": `the parameter "sync" is given 2 times`,
		"x://h?sync=%zz":               "malformed",
		"x://h?sync=a;mode=b":          "malformed",
	} {
		_, err := urls.Options(parse(t, raw), "sync", "mode")
		if !errors.Is(err, ports.ErrInvalidKey) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: err = %v", raw, err)
		}
	}
	_, err := urls.Options(parse(t, "x://h?a=1"))
	if err == nil || !strings.Contains(err.Error(), "known: none") {
		t.Errorf("nothing known: err = %v", err)
	}
}

func TestRedactHidesPasswordAndQuery(t *testing.T) {
	t.Parallel()
	if got := urls.Redact(parse(t, "redis://u:hunter2@h:1/0?token=hunter2#hunter2")); got != "redis://u:xxxxx@h:1/0" {
		t.Errorf("redacted %q", got)
	}
}
