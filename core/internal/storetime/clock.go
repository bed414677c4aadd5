package storetime

import (
	"context"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// Clock is the clock of a store. It is safe for concurrent use.
type Clock struct {
	Registers *cas.Registers
	Random    func() uint64
}

// Now asks the store for the time by writing a scratch object: three requests.
// It is false where the store does not answer or has no times. The key is a new
// one each time: on files, the times of one key never go back, so that of an
// old key might be ahead of the clock.
func (c Clock) Now(ctx context.Context) (time.Time, bool) {
	objects := c.Registers.Objects
	rev := revision.Next(0, c.Registers.Clock.Now(), c.Random())
	key := layout.NamedKey(layout.ClockPrefix, rev.String())
	if _, err := objects.Put(ctx, key, []byte("{}"), ports.IfAbsent); err != nil {
		return time.Time{}, false
	}
	info, err := objects.Stat(ctx, key)
	_ = objects.Delete(ctx, key, ports.Any) // RemoveLeftovers finds what stays behind
	return info.ModTime, err == nil && !info.ModTime.IsZero()
}

// RemoveLeftovers deletes the scratch objects of Now that a process left when
// it was killed, or that arrived late, if they are older than age by the clock
// of the store. It answers how many it deleted. Without any it costs one
// listing; where the store does not tell the time it removes nothing.
func (c Clock) RemoveLeftovers(ctx context.Context, age time.Duration) (removed int, err error) {
	var now time.Time
	for info, err := range fetch.Objects(ctx, c.Registers, ports.ListOptions{Prefix: layout.ClockPrefix}) {
		if err != nil {
			return removed, fmt.Errorf("list scratch objects: %w", err)
		}
		if now.IsZero() {
			var known bool
			if now, known = c.Now(ctx); !known {
				return removed, ports.ContextDone(ctx, "remove scratch objects", layout.ClockPrefix)
			}
		}
		if Age(now, info.ModTime) <= age {
			continue
		}
		if err := c.Registers.Objects.Delete(ctx, info.Key, ports.Any); err != nil {
			return removed, fmt.Errorf("remove scratch object: %w", err)
		}
		removed++
	}
	return removed, nil
}
