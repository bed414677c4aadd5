//go:build unix && !aix && !solaris

package fs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	locksDir = "locks" // below the metadata folder
	stripes  = 256

	shortestWait = 20 * time.Microsecond
	longestWait  = 2 * time.Millisecond
)

// lockSet serializes the writes of a key: first among the goroutines of this
// store, then, by flock, among all stores on the root. Keys share stripes.
type lockSet struct {
	dir   int // descriptor of .sb/locks
	clock ports.Clock
	all   [stripes]stripe
}

// stripe is one lock. Its file's modification time is at least that of every
// deleted object in it, so that a key that is created again gets a greater one.
type stripe struct {
	set  *lockSet
	name string
	turn chan struct{} // holds a token while taken
	fd   int           // -1 until first needed; then kept
}

// openLocks opens the folder only: a lock file is made when its first key is
// written, and stays for ever, because removing one could split its holders.
func openLocks(meta int, clock ports.Clock) (*lockSet, error) {
	if err := unix.Mkdirat(meta, locksDir, privateMode); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, during("make folder for locks", err)
	}
	dir, err := openAt(meta, locksDir, openFolderFlags, 0)
	if err != nil {
		return nil, during("open folder for locks", err)
	}
	l := &lockSet{dir: dir, clock: clock}
	for i := range l.all {
		l.all[i] = stripe{set: l, name: fmt.Sprintf("%03d", i), turn: make(chan struct{}, 1), fd: -1}
	}
	return l, nil
}

// lock waits for the key's stripe until ctx is done.
func (l *lockSet) lock(ctx context.Context, key string) (*stripe, error) {
	s := &l.all[stripeOf(key)]
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, contextDone(ctx)
	}
	if err := s.acquire(ctx); err != nil {
		<-s.turn
		return nil, err
	}
	return s, nil
}

// acquire takes the lock between processes. It asks again and again instead of
// waiting in the kernel, because a holder may be stopped for good and ctx must
// still end the wait.
func (s *stripe) acquire(ctx context.Context) error {
	if s.fd < 0 {
		fd, err := openAt(s.set.dir, s.name, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW, 0o600)
		if errors.Is(err, unix.ENOENT) {
			return refuse(ports.ErrUnavailable, errFolderGone)
		}
		if err != nil {
			return during("open lock", err)
		}
		s.fd = fd
	}
	for wait := shortestWait; ; wait = min(2*wait, longestWait) {
		err := unix.Flock(s.fd, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, unix.EINTR):
			continue
		case !errors.Is(err, unix.EWOULDBLOCK):
			return during("lock", err)
		}
		if err := s.set.clock.Sleep(ctx, wait); err != nil {
			return refuse(err, context.Cause(ctx))
		}
	}
}

// unlock gives the lock up for other processes first, then for this one.
func (s *stripe) unlock() {
	_ = unix.Flock(s.fd, unix.LOCK_UN) // fails only on a bad descriptor
	<-s.turn
}

// deleted returns a time that no deleted object of the stripe is after.
func (s *stripe) deleted() (int64, error) {
	var st unix.Stat_t
	if err := unix.Fstat(s.fd, &st); err != nil {
		return 0, during("stat lock", err)
	}
	return st.Mtim.Nano(), nil
}

// raise makes deleted answer at least stamp from now on. It is flushed only if
// the clock has been set back, for otherwise the next version will be greater
// anyway.
func (s *stripe) raise(stamp int64, durable bool) error {
	had, err := s.deleted()
	if err != nil || had >= stamp {
		return err
	}
	if err := setTime(s.set.dir, s.name, stamp); err != nil {
		return during("set time of lock", err)
	}
	if durable && stamp > s.set.clock.Now().UnixNano() {
		return during("flush lock", flush(s.fd))
	}
	return nil
}

// close is called when nobody is inside the store any more.
func (l *lockSet) close() {
	for i := range l.all {
		if fd := l.all[i].fd; fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	_ = unix.Close(l.dir)
}

// stripeOf is FNV-1a. All processes must agree on it, also across releases.
func stripeOf(key string) uint32 {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return (h ^ h>>16) % stripes
}
