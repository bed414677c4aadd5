package memory_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

func put(t *testing.T, s *memory.Store, key, data string) ports.Version {
	t.Helper()
	version, err := s.Put(t.Context(), key, []byte(data), ports.Any)
	if err != nil {
		t.Fatal(err)
	}
	return version
}

func keys(t *testing.T, s *memory.Store, opts ports.ListOptions) []string {
	t.Helper()
	var got []string
	for info, err := range s.List(t.Context(), opts) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, info.Key)
	}
	return got
}

func TestVersionsNeverRecur(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{})
	seen := make(map[ports.Version]bool)
	for range 10 {
		version := put(t, s, "a", "the same bytes")
		if seen[version] {
			t.Fatalf("the version %q came again", version)
		}
		seen[version] = true
		if err := s.Delete(t.Context(), "a", ports.Any); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHashVersionsRecurWithTheBytes(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{HashVersions: true})
	first, other, again := put(t, s, "a", "x"), put(t, s, "a", "y"), put(t, s, "a", "x")
	if first != again || first == other || s.Capabilities().UniqueVersions {
		t.Errorf("versions %q %q %q", first, other, again)
	}
}

func TestOptionsTakeCapabilitiesAway(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{
		HashVersions: true, NoConditionalDelete: true, NoNestedKeys: true, LateWrites: true, MaxObjectSize: 5,
	})
	want := ports.Capabilities{Name: "memory", LateWrites: true, MaxObjectSize: 5}
	if got := s.Capabilities(); got != want {
		t.Errorf("capabilities %+v, want %+v", got, want)
	}
	version := put(t, s, "a/b", "12345")
	if err := s.Delete(t.Context(), "a/b", ports.IfVersion(version)); !errors.Is(err, ports.ErrUnsupported) {
		t.Errorf("conditional delete: err = %v", err)
	}
	for _, key := range []string{"a", "a/b/c", "a/b/c/d"} {
		if _, err := s.Put(t.Context(), key, nil, ports.Any); !errors.Is(err, ports.ErrUnsupported) {
			t.Errorf("nested key %q: err = %v", key, err)
		}
	}
	put(t, s, "a/b.c", "x") // "." sorts before "/"
	put(t, s, "a/bc", "x")
	if _, err := s.Put(t.Context(), "x", []byte("123456"), ports.Any); !errors.Is(err, ports.ErrTooLarge) {
		t.Errorf("too large: err = %v", err)
	}
	if _, err := s.PutStream(t.Context(), "x", strings.NewReader("123456"), ports.Any); !errors.Is(err, ports.ErrTooLarge) {
		t.Errorf("too large stream: err = %v", err)
	}
}

func TestListWalksManyPagesInOrder(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{})
	var want []string
	for i := range 2_000 {
		key := fmt.Sprintf("k/%04d", i*7919%2_000)
		want = append(want, key)
		put(t, s, key, key)
	}
	put(t, s, "j", "")
	put(t, s, "l", "")
	slices.Sort(want)
	if got := keys(t, s, ports.ListOptions{Prefix: "k/"}); !slices.Equal(got, want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
	got := keys(t, s, ports.ListOptions{Prefix: "k/", StartAfter: "k/0099", EndBefore: "k/1500", Limit: 700})
	if !slices.Equal(got, want[100:800]) {
		t.Errorf("%d keys from %v", len(got), got[:1])
	}
}

func TestListLetsTheCallerChangeTheStore(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{})
	for i := range 1_000 {
		put(t, s, fmt.Sprintf("k%04d", i), "")
	}
	yielded := 0
	for info, err := range s.List(t.Context(), ports.ListOptions{}) {
		if err != nil {
			t.Fatal(err)
		}
		yielded++
		if err := s.Delete(t.Context(), info.Key, ports.Any); err != nil {
			t.Fatal(err)
		}
	}
	if left := keys(t, s, ports.ListOptions{}); yielded != 1_000 || len(left) != 0 {
		t.Errorf("%d yielded, %d left", yielded, len(left))
	}
}

func TestListYieldsItsFailure(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{})
	put(t, s, "a", "")
	put(t, s, "b", "")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range s.List(ctx, ports.ListOptions{}) {
		cancel()
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("the last error is %v", last)
	}
	for _, err := range s.List(t.Context(), ports.ListOptions{Limit: -1}) {
		last = err
	}
	if !errors.Is(last, ports.ErrInvalidKey) {
		t.Errorf("negative limit: err = %v", last)
	}
}

func TestStreamReadsOneStateWhateverHappens(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{})
	put(t, s, "a", "the old state")
	_, stream, err := s.GetStream(t.Context(), "a", ports.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "a", "new")
	if err := s.Delete(t.Context(), "a", ports.Any); err != nil {
		t.Fatal(err)
	}
	if data, err := io.ReadAll(stream); err != nil || string(data) != "the old state" {
		t.Errorf("read %q, %v", data, err)
	}
	if err := stream.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFailedStreamLeavesTheObject(t *testing.T) {
	t.Parallel()
	s := memory.NewStore(memory.StoreOptions{})
	put(t, s, "a", "old")
	broken := errors.New("the cable is cut")
	_, err := s.PutStream(t.Context(), "a", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), ports.Any)
	if !errors.Is(err, broken) || !errors.Is(err, ports.ErrUnavailable) {
		t.Errorf("err = %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	body := io.MultiReader(strings.NewReader("half"), readFunc(func([]byte) (int, error) { cancel(); return 0, nil }))
	if _, err := s.PutStream(ctx, "a", body, ports.Any); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while reading: err = %v", err)
	}
	if got, err := s.Get(t.Context(), "a", ports.GetOptions{}); err != nil || string(got.Data) != "old" {
		t.Errorf("the object is %q, %v", got.Data, err)
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }

func TestClientsShareObjectsAndCloseAlone(t *testing.T) {
	t.Parallel()
	first := memory.NewStore(memory.StoreOptions{})
	second := first.Client()
	put(t, first, "a", "x")
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if err := first.Ping(t.Context()); !errors.Is(err, ports.ErrClosed) {
		t.Errorf("ping after close: err = %v", err)
	}
	if got, err := second.Get(t.Context(), "a", ports.GetOptions{}); err != nil || string(got.Data) != "x" {
		t.Errorf("the second client reads %q, %v", got.Data, err)
	}
}

// stopped is a clock that stands still.
type stopped struct {
	ports.Clock
	now time.Time
}

func (c stopped) Now() time.Time { return c.now }

func TestModTimeComesFromTheClock(t *testing.T) {
	t.Parallel()
	at := time.Date(2001, 2, 3, 4, 5, 6, 7, time.UTC)
	s := memory.NewStore(memory.StoreOptions{Clock: stopped{ports.SystemClock(), at}})
	put(t, s, "a", "")
	if info, err := s.Stat(t.Context(), "a"); err != nil || !info.ModTime.Equal(at) {
		t.Errorf("%v, %v", info.ModTime, err)
	}
}
