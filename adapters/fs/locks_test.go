//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// A process that was stopped while it held a lock blocks writers of the stripe,
// but not for longer than their context, and readers not at all.
func TestWaitForALockEndsWithTheContext(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	version, err := s.Put(t.Context(), "k", []byte("old"), ports.Any)
	check(t, err)
	file := filepath.Join(root, MetadataDir, locksDir, fmt.Sprintf("%03d", stripeOf("k")))
	fd, err := unix.Open(file, unix.O_RDWR|unix.O_CLOEXEC, 0)
	check(t, err)
	check(t, unix.Flock(fd, unix.LOCK_EX))
	for name, call := range map[string]func(ctx context.Context) error{
		"put":    func(ctx context.Context) error { _, err := s.Put(ctx, "k", []byte("new"), ports.Any); return err },
		"delete": func(ctx context.Context) error { return s.Delete(ctx, "k", ports.Any) },
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		wantErr(t, call(ctx), context.DeadlineExceeded, name+" that waits")
		cancel()
	}
	// One waits for the file, another behind it in this process.
	ctx, cancel := context.WithCancelCause(t.Context())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			_, err := s.Put(ctx, "k", []byte("new"), ports.Any)
			wantErr(t, err, context.Canceled, "put that waits")
			wantErr(t, err, errTest, "put that waits")
		})
	}
	object, err := s.Get(t.Context(), "k", ports.GetOptions{})
	if err != nil || string(object.Data) != "old" || object.Version != version {
		t.Errorf("%+v, %v", object, err)
	}
	cancel(errTest)
	wg.Wait()
	check(t, unix.Close(fd)) // gives the lock back
	_, err = s.Put(t.Context(), "k", []byte("new"), ports.IfVersion(version))
	check(t, err)
	if n := leftovers(t, root); n != 0 {
		t.Errorf("%d unfinished files", n)
	}
}

var errTest = errors.New("the test said so")

// All stripes are in use after some thousand keys, and the hash never changes:
// other processes and releases must agree on it.
func TestStripesAreSpreadAndFixed(t *testing.T) {
	t.Parallel()
	used := map[uint32]int{}
	for i := range 4096 {
		used[stripeOf(fmt.Sprintf("users/%d.json", i))]++
	}
	for stripe, n := range used {
		if n > 64 || stripe >= stripes {
			t.Errorf("%d keys in stripe %d", n, stripe)
		}
	}
	if len(used) < 250 {
		t.Errorf("only %d stripes are used", len(used))
	}
	for key, want := range map[string]uint32{"a": 32, "users/42.json": 47, "é": 92} {
		if got := stripeOf(key); got != want {
			t.Errorf("%q is in stripe %d, want %d", key, got, want)
		}
	}
}
