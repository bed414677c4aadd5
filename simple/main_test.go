package simple_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

// processURL makes this test binary another process on the database that the
// URL names.
const processURL = "SIMPLE_TEST_PROCESS_URL"

func TestMain(m *testing.M) {
	if url := os.Getenv(processURL); url != "" {
		if err := otherProcess(context.Background(), url); err != nil {
			fmt.Println(err)
		}
		os.Exit(0)
	}
	conformance.Main(m)
}

// otherProcess reads and writes beside the test that started it.
func otherProcess(ctx context.Context, url string) (err error) {
	db, err := simple.Open(ctx, url)
	if err != nil {
		return fmt.Errorf("open: unavailable=%t: %w", errors.Is(err, core.ErrUnavailable), err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	users, err := simple.NewCollection[User](ctx, db)
	if err != nil {
		return err
	}
	found, err := users.Find(ctx, simple.Eq("age", 36))
	fmt.Println("found", len(found), err)
	if _, err = users.Create(ctx, User{Name: "Eve"}); err != nil {
		return fmt.Errorf("create: unavailable=%t: %w", errors.Is(err, core.ErrUnavailable), err)
	}
	fmt.Println("created")
	return nil
}

// runOther runs otherProcess and returns what it printed.
func runOther(t *testing.T, url string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), processURL+"="+url)
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("other process: %v: %s", err, said)
	}
	return strings.TrimSpace(string(said))
}

// User is the document of most tests.
type User struct {
	ID   string `json:"id" sb:"id"`
	Name string `json:"name"`
	Age  int    `json:"age" sb:"index"`
}

var registered atomic.Int64

// fresh makes a scheme that nothing else in this process has registered: the
// registries last as long as it does, and tests may run more than once.
func fresh(name string) string { return fmt.Sprintf("test-%s-%d", name, registered.Add(1)) }

// open opens a database until the end of the test.
func open(t *testing.T, url string, opts ...simple.Option) *simple.DB {
	t.Helper()
	db, err := simple.Open(t.Context(), url, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeIt(t, db) })
	return db
}

func closeIt(t *testing.T, db *simple.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// collect opens a collection.
func collect[T any](t *testing.T, db *simple.DB, name ...string) *simple.Collection[T] {
	t.Helper()
	c, err := simple.NewCollection[T](t.Context(), db, name...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// create stores a value that must be accepted.
func create[T any](t *testing.T, c *simple.Collection[T], value T) T {
	t.Helper()
	stored, err := c.Create(t.Context(), value)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}
