package simple_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
	"github.com/smarterbase/smarterbase/ports/urls"
	"github.com/smarterbase/smarterbase/simple"
)

// lines is a writer that hands on each line of a log.
type lines chan string

func (l lines) Write(line []byte) (int, error) {
	l <- string(bytes.TrimSpace(line))
	return len(line), nil
}

func TestFailuresOfBackgroundWorkAreLogged(t *testing.T) {
	t.Parallel()
	plan := faults.New(faults.Options{})
	plan.On(faults.Match{Method: faults.End, Times: faults.Always}).Fail(ports.ErrUnavailable)
	scheme := fresh("no-end")
	urls.RegisterIndex(scheme, func(context.Context, *url.URL) (ports.Index, error) {
		return faults.Index(memory.NewIndex(memory.IndexOptions{}), plan), nil
	})
	log := make(lines, 100)
	db := open(t, "mem://?index="+scheme+"://", simple.WithLogger(slog.New(slog.NewTextHandler(log, nil))),
		simple.WithCore(core.Options{Settings: core.Settings{Attempts: 1}}))
	users := collect[User](t, db)
	create(t, users, User{ID: "1", Age: 1})
	if _, err := users.Update(t.Context(), "1", func(u *User) error { u.Age++; return nil }); err != nil {
		t.Fatal(err)
	}
	line := <-log
	for _, want := range []string{"level=WARN", `task="index end"`, "collection=users", "unavailable"} {
		if !strings.Contains(line, want) {
			t.Errorf("%s lacks %s", line, want)
		}
	}
}

func TestAnObserverOfBackgroundWorkTakesThePlaceOfTheLog(t *testing.T) {
	t.Parallel()
	plan := faults.New(faults.Options{})
	plan.On(faults.Match{Method: faults.End, Times: faults.Always}).Fail(ports.ErrUnavailable)
	scheme := fresh("no-end")
	urls.RegisterIndex(scheme, func(context.Context, *url.URL) (ports.Index, error) {
		return faults.Index(memory.NewIndex(memory.IndexOptions{}), plan), nil
	})
	log := make(lines, 100)
	seen := make(chan ports.BackgroundInfo, 100)
	var options core.Options
	options.Attempts = 1
	options.Observer.Background = func(_ context.Context, info ports.BackgroundInfo) { seen <- info }
	db := open(t, "mem://?index="+scheme+"://", simple.WithLogger(slog.New(slog.NewTextHandler(log, nil))), simple.WithCore(options))
	users := collect[User](t, db)
	create(t, users, User{ID: "1", Age: 1})
	if _, err := users.Update(t.Context(), "1", func(u *User) error { u.Age++; return nil }); err != nil {
		t.Fatal(err)
	}
	if info := <-seen; info.Collection != "users" || len(log) > 0 {
		t.Errorf("observed %v, %d lines logged", info, len(log))
	}
}
