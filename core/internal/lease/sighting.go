package lease

import (
	"context"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/storetime"
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
		there, ok := l.clock().Now(ctx)
		// The age is that of the moment when the store told the time, which is no
		// later than this one. Counted from before, a slow answer would make it older.
		now = l.Registers.Clock.Elapsed()
		seen.since = now
		if ok {
			seen.since -= storetime.Age(there, state.ModTime)
		}
	}
	seen.version, seen.last = state.Version, met
	l.remember(state.Key, seen)
	return outlived(now-seen.since, r.ttl)
}

// outlived reports whether a version of that age has outlived its ttl.
func outlived(age, ttl time.Duration) bool { return age-ttl/10 >= ttl }

// clock is that of the store.
func (l *Locker) clock() storetime.Clock {
	return storetime.Clock{Registers: l.Registers, Random: l.Random}
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
