//go:build unix && !aix && !solaris

package fs

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// handClock is set by hand; it waits in real time.
type handClock struct {
	ports.Clock
	mu  sync.Mutex
	now time.Time
}

func newHandClock(at time.Time) *handClock { return &handClock{Clock: ports.SystemClock(), now: at} }

func (c *handClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *handClock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func grows(t *testing.T, before, after ports.Version) {
	t.Helper()
	b, errB := strconv.ParseInt(string(before), 10, 64)
	a, errA := strconv.ParseInt(string(after), 10, 64)
	if err := errors.Join(errA, errB); err != nil || a <= b {
		t.Errorf("version %q after %q, %v", after, before, err)
	}
}

// Two stores whose clocks are hours apart, one of which goes back.
func TestVersionsGrowWhateverTheClock(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]Sync{"sync full": SyncFull, "sync none": SyncNone} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ahead, behind := newHandClock(time.Now().Add(time.Hour)), newHandClock(time.Now().Add(-time.Hour))
			root := t.TempDir()
			stores := []*Store{
				openStore(t, root, Options{Sync: mode, Clock: ahead}), openStore(t, root, Options{Sync: mode, Clock: behind}),
			}
			last := ports.Version("0")
			for i := range 60 {
				s := stores[i%2]
				cond := ports.Any
				if i%3 == 2 {
					check(t, stores[(i+1)%2].Delete(t.Context(), "k", ports.Any))
					cond = ports.IfAbsent
				}
				version, err := s.Put(t.Context(), "k", []byte("same"), cond)
				check(t, err)
				grows(t, last, version)
				last = version
				info, err := s.Stat(t.Context(), "k")
				check(t, err)
				if info.Version != version {
					t.Errorf("stat says %q, put said %q", info.Version, version)
				}
				behind.advance(-time.Second)
			}
		})
	}
}

// The time is chosen before the file is written; what others write meanwhile
// must still be outranked.
func TestVersionGrowsOverWritesDuringThePut(t *testing.T) {
	t.Parallel()
	clock := newHandClock(time.Now().Add(-time.Hour))
	s, root := newStore(t, Options{Clock: clock})
	other := openStore(t, root, Options{})
	for _, deleted := range []bool{false, true} {
		var between ports.Version
		info, err := s.PutStream(t.Context(), "k", readerFunc(func([]byte) (int, error) {
			var err error
			between, err = other.Put(t.Context(), "k", []byte("between"), ports.Any)
			check(t, err)
			if deleted {
				check(t, other.Delete(t.Context(), "k", ports.Any))
			}
			return 0, io.EOF
		}), ports.Any)
		check(t, err)
		grows(t, between, info.Version)
	}
}

// A file changed by another program has another version.
func TestChangesByOtherProgramsChangeTheVersion(t *testing.T) {
	t.Parallel()
	s, root := newStore(t, Options{})
	version, err := s.Put(t.Context(), "k.json", []byte("{}"), ports.Any)
	check(t, err)
	check(t, os.WriteFile(filepath.Join(root, "k.json"), []byte("{ }"), 0o644))
	_, err = s.Put(t.Context(), "k.json", nil, ports.IfVersion(version))
	wantErr(t, err, ports.ErrPrecondition, "put on the old version")
	// A time far in the future, or before all times, is no obstacle.
	for _, year := range []int{2200, 2500, 1960} {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		check(t, os.Chtimes(filepath.Join(root, "k.json"), at, at))
		info, err := s.Stat(t.Context(), "k.json")
		check(t, err)
		version, err = s.Put(t.Context(), "k.json", nil, ports.IfVersion(info.Version))
		check(t, err)
		if version == info.Version {
			t.Errorf("the version of %d stayed", year)
		}
	}
}

func TestTimeAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ quantum, now, previous, want int64 }{
		{1, 1000, 999, 1000}, {1, 1000, 1000, 1001}, {1, 1000, 5000, 5001},
		{100, 1234, 1100, 1200}, {100, 1234, 1200, 1300}, {100, 1234, 1250, 1300}, {1000, 999, 0, 1000},
	} {
		v := versions{quantum: c.quantum, clock: newHandClock(time.Unix(0, c.now))}
		if got := v.after(c.previous); got != c.want {
			t.Errorf("after %d, at %d in steps of %d: %d, want %d", c.previous, c.now, c.quantum, got, c.want)
		}
	}
}

func TestHashedVersionsSaySo(t *testing.T) {
	t.Parallel()
	s, _ := newStore(t, Options{forceHash: true})
	if s.Capabilities().UniqueVersions {
		t.Error("hashes are claimed to be unique")
	}
	first, err := s.Put(t.Context(), "k", []byte("same"), ports.Any)
	check(t, err)
	second, err := s.Put(t.Context(), "other", []byte("same"), ports.Any)
	check(t, err)
	if first != second {
		t.Errorf("%q and %q", first, second)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
