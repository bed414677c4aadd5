package lease

import (
	"context"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// sighting is what a locker remembers of a held lease that it met.
type sighting struct {
	version ports.Version
	since   time.Duration // on the monotonic clock: the version is at least that old
	last    time.Duration // when it was last met
}

// maxSightings bounds how many names a locker remembers. A name that is
// forgotten is met for the first time again, which costs requests only.
const maxSightings = 10_000

// expired reports whether the held lease that was just read may be taken over.
func (l *Locker) expired(ctx context.Context, state cas.State, r record) bool {
	met := l.Registers.Clock.Elapsed()
	now := met
	seen, known := l.sighting(state.Key)
	switch {
	case known && seen.version == state.Version:
	case known && now-seen.last < r.ttl:
		// It was written since we last met the name, which is less than a ttl
		// ago: whatever its age is exactly, it is not old enough.
		seen.since = now
	default:
		there, ok := l.storeTime(ctx)
		// The age is that of the moment when the store told the time, which is no
		// later than this one. Counted from before, a slow answer would make it older.
		now = l.Registers.Clock.Elapsed()
		seen.since = now
		if ok {
			seen.since -= age(there, state.ModTime)
		}
	}
	seen.version, seen.last = state.Version, met
	l.remember(state.Key, seen)
	return over(now-seen.since, r.ttl)
}

// over reports whether a version of that age has outlived its ttl.
func over(age, ttl time.Duration) bool { return age-ttl/10 >= ttl }

// age is the time between two moments of the store's clock, at least 0, and
// never more than it really was.
func age(now, written time.Time) time.Duration {
	if written.IsZero() {
		return 0
	}
	return max(0, now.Sub(written)-max(resolution(now), resolution(written)))
}

// resolution is how coarse a time may be, judged by its zeros.
func resolution(t time.Time) time.Duration {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if t.Nanosecond()%int(unit) == 0 {
			return unit
		}
	}
	return time.Nanosecond
}

// storeTime asks the store for the time by writing an object. The key is a new
// one each time: on files, the times of one key never go back, so that of an
// old key might be ahead of the clock.
func (l *Locker) storeTime(ctx context.Context) (time.Time, bool) {
	objects := l.Registers.Objects
	rev := revision.Next(0, l.Registers.Clock.Now(), l.Random())
	key := layout.NamedKey(layout.ClockPrefix, rev.String())
	if _, err := objects.Put(ctx, key, []byte("{}"), ports.IfAbsent); err != nil {
		return time.Time{}, false
	}
	info, err := objects.Stat(ctx, key)
	_ = objects.Delete(ctx, key, ports.Any) // what stays behind is two bytes that nobody reads
	return info.ModTime, err == nil && !info.ModTime.IsZero()
}

func (l *Locker) sighting(key string) (seen sighting, known bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	seen, known = l.seen[key]
	return seen, known
}

func (l *Locker) remember(key string, seen sighting) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = make(map[string]sighting)
	}
	if _, known := l.seen[key]; !known && len(l.seen) >= maxSightings {
		for other := range l.seen {
			delete(l.seen, other)
			break
		}
	}
	l.seen[key] = seen
}

func (l *Locker) forget(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.seen, key)
}
