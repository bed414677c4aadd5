package simple_test

import (
	"context"
	"errors"
	neturl "net/url"
	"slices"
	"sync"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
	"github.com/smarterbase/smarterbase/simple"
)

// closings notes who was closed, and lets closing fail.
type closings struct {
	mu    sync.Mutex
	order []string
	err   map[string]error
}

func (c *closings) close(who string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order = append(c.order, who)
	return c.err[who]
}

type closingStore struct {
	ports.ObjectStore
	*closings
}

func (s closingStore) Close() error { return s.close("store") }

type closingIndex struct {
	ports.Index
	*closings
}

func (x closingIndex) Close() error { return x.close("index") }

// register makes a URL of a store and an index that note their closing; an
// index that can't be opened where indexErr is not nil.
func (c *closings) register(indexErr error) string {
	scheme := fresh("closing")
	urls.RegisterStore(scheme, func(context.Context, *neturl.URL) (ports.ObjectStore, error) {
		return closingStore{memory.NewStore(memory.StoreOptions{}), c}, nil
	})
	urls.RegisterIndex(scheme, func(context.Context, *neturl.URL) (ports.Index, error) {
		if indexErr != nil {
			return nil, indexErr
		}
		return closingIndex{memory.NewIndex(memory.IndexOptions{}), c}, nil
	})
	return scheme + "://?index=" + scheme + "://"
}

func TestCloseClosesIndexThenStoreAndJoinsErrors(t *testing.T) {
	t.Parallel()
	indexErr, storeErr := errors.New("index broke"), errors.New("store broke")
	c := &closings{err: map[string]error{"index": indexErr, "store": storeErr}}
	url := c.register(nil)
	db, err := simple.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Close()
	if !errors.Is(err, indexErr) || !errors.Is(err, storeErr) {
		t.Errorf("err = %v", err)
	}
	if want := []string{"store", "index"}; !slices.Equal(c.order, want) {
		t.Errorf("closed %v, want %v", c.order, want)
	}
	if err := db.Close(); err != nil || len(c.order) != 2 {
		t.Errorf("second Close: err = %v, closed %v", err, c.order)
	}
}

func TestAFailedOpenClosesWhatItOpened(t *testing.T) {
	t.Parallel()
	failed := &closings{}
	failedURL := failed.register(ports.Fail("open", "x", ports.ErrPermission, nil))
	if _, err := simple.Open(t.Context(), failedURL); !errors.Is(err, core.ErrPermission) {
		t.Errorf("err = %v", err)
	}
	if want := []string{"store"}; !slices.Equal(failed.order, want) {
		t.Errorf("closed %v, want %v", failed.order, want)
	}
	refused := &closings{}
	refusedURL := refused.register(nil)
	_, err := simple.Open(t.Context(), refusedURL,
		simple.WithCore(core.Options{Settings: core.Settings{Concurrency: -1}}))
	if !errors.Is(err, core.ErrInvalid) {
		t.Errorf("err = %v", err)
	}
	if want := []string{"store", "index"}; !slices.Equal(refused.order, want) {
		t.Errorf("closed %v, want %v", refused.order, want)
	}
}

func TestAClosedDatabaseAnswersErrClosed(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, simple.FileURL(t.TempDir()))
	users := collect[User](t, db)
	create(t, users, User{ID: "1"})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, opened := simple.NewCollection[User](ctx, db)
	_, created := users.Create(ctx, User{})
	_, got := users.Get(ctx, "1")
	_, found := users.Find(ctx)
	for call, err := range map[string]error{
		"NewCollection": opened, "Create": created, "Get": got, "Find": found, "Delete": users.Delete(ctx, "1"),
	} {
		if !errors.Is(err, core.ErrClosed) {
			t.Errorf("%s: err = %v", call, err)
		}
	}
}

func TestCloseIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	c := &closings{}
	url := c.register(nil)
	db := open(t, url)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(c.order) != 2 {
		t.Errorf("closed %v", c.order)
	}
}
