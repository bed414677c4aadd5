package engine_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// wrongClock is the clock of the machine with the wall clock off by an amount
// that can change. Elapsed goes on, as the monotonic clock does.
type wrongClock struct {
	ports.Clock
	off atomic.Int64 // nanoseconds
}

func newWrongClock(off time.Duration) *wrongClock {
	c := &wrongClock{Clock: ports.SystemClock()}
	c.off.Store(int64(off))
	return c
}

func (c *wrongClock) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.off.Load())) }

// Sleep is spelled out so that it is clear whose it is.
func (c *wrongClock) Sleep(ctx context.Context, d time.Duration) error { return c.Clock.Sleep(ctx, d) }

func withClock(clock ports.Clock) func(*core.Options) {
	return func(o *core.Options) { o.Clock = clock }
}

func TestRevisionsGrowWhileTheClockIsSetBack(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		clock := newWrongClock(0)
		c := people(t, s.open(t, withClock(clock)))
		doc, err := c.Create(ctx, "ann", person{Name: "Ann"})
		require.NoError(t, err)
		ready(t, s, c)
		for i, jump := range []time.Duration{-time.Hour, time.Minute, -24 * time.Hour, 10 * time.Hour, -time.Second} {
			clock.off.Add(int64(jump))
			name := fmt.Sprintf("name %d", i)
			next, err := c.Update(ctx, "ann", func(p *person) error { p.Name = name; return nil })
			require.NoError(t, err)
			require.Positive(t, next.Revision.Compare(doc.Revision))
			doc = next
			agreeByIndex(t, s, c)
		}
		require.NoError(t, c.Delete(ctx, "ann"))
		clock.off.Add(-int64(time.Hour))
		again, err := c.Create(ctx, "ann", person{Name: "again"})
		require.NoError(t, err)
		require.Positive(t, again.Revision.Compare(doc.Revision))
		agreeByIndex(t, s, c)
	})
}

func TestTwoProcessesAnHourApart(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		ahead := people(t, s.open(t, withClock(newWrongClock(time.Hour))))
		behind := people(t, s.open(t))
		ready(t, s, ahead)
		doc, err := ahead.Create(ctx, "ann", person{Name: "Ann"})
		require.NoError(t, err)
		for i := range 10 {
			c := ahead
			if i%2 == 0 {
				c = behind
			}
			next, err := c.Update(ctx, "ann", func(p *person) error { p.Age++; p.Name = fmt.Sprintf("name %d", i); return nil })
			require.NoError(t, err)
			require.Positive(t, next.Revision.Compare(doc.Revision))
			doc = next
			agreeByIndex(t, s, ahead)
			agreeByIndex(t, s, behind)
		}
		require.NoError(t, behind.Delete(ctx, "ann"))
		_, err = behind.Put(ctx, "ann", person{Name: "back"})
		require.NoError(t, err)
		agreeByIndex(t, s, ahead)
		require.Equal(t, 10, doc.Value.Age)
	})
}
