package core_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// journal is what fenced transactions append to.
type journal struct {
	Entries []entry `json:"entries"`
}

type entry struct {
	Token uint64 `json:"token"`
	Name  string `json:"name"`
}

// watch is what is known about fenced transactions from outside.
type watch struct {
	mu       sync.Mutex
	acquired uint64           // the greatest token that anybody was given
	told     map[string]error // by the name of a transaction
	late     []string         // those that committed under a lease that was not the last when they began
	commits  int
	lost     int
}

func (w *watch) grant(token uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.acquired = max(w.acquired, token)
}

func (w *watch) latest() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.acquired
}

// note remembers what a transaction was told that began when latest was the
// greatest token.
func (w *watch) note(name string, token, latest uint64, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.told[name] = err
	switch {
	case err == nil:
		if w.commits++; token < latest {
			w.late = append(w.late, fmt.Sprintf("%s of token %d committed, though %d was given before it began", name, token, latest))
		}
	case errors.Is(err, ports.ErrLost):
		w.lost++
	}
}

// write appends to the journal under a lease, with pauses in which others may
// take it over.
func (w *watch) write(t *testing.T, db *core.DB, name string, lease ports.Lease, random *rand.Rand) {
	ctx, cancel := sometimesShort(t.Context(), random)
	defer cancel()
	latest := w.latest()
	err := db.Tx(ctx, func(tx *core.Tx) error {
		if err := tx.Fence(ctx, lease); err != nil {
			return err
		}
		var log journal
		if _, err := tx.Get(ctx, "journal", &log); err != nil {
			return err
		}
		pause(t, time.Duration(random.IntN(4000))*time.Millisecond)
		log.Entries = append(log.Entries, entry{lease.Token(), name})
		_, err := tx.Put(ctx, "journal", log)
		if random.IntN(2) == 0 {
			_, other := tx.Put(ctx, "last/"+name, entry{lease.Token(), name})
			err = errors.Join(err, other)
		}
		return err
	}, core.TxAttempts(3))
	w.note(name, lease.Token(), latest, err)
}

// work takes the lock again and again, and holds on to it for too long.
func (w *watch) work(t *testing.T, number int, db *core.DB, random *rand.Rand) {
	for round := range 5 {
		pause(t, time.Duration(random.IntN(3000))*time.Millisecond)
		lease, err := db.Locker().Acquire(t.Context(), "a", time.Duration(1+random.IntN(4))*time.Second)
		if err != nil {
			continue
		}
		w.grant(lease.Token())
		held := lease
		if random.IntN(2) == 0 {
			held = asleep{lease}
		}
		for i := range 1 + random.IntN(3) {
			w.write(t, db, fmt.Sprintf("%d-%d-%d", number, round, i), held, random)
			if random.IntN(2) == 0 {
				_ = lease.Renew(t.Context())
			}
		}
		if random.IntN(2) == 0 {
			_ = lease.Release(t.Context())
		}
		<-lease.Lost()
	}
}

// verify compares the journal with what the transactions were told.
func (w *watch) verify(entries []entry) (problems []string) {
	times := make(map[string]int)
	for i, e := range entries {
		if times[e.Name]++; i > 0 && e.Token < entries[i-1].Token {
			problems = append(problems, fmt.Sprintf("%s of token %d comes after token %d", e.Name, e.Token, entries[i-1].Token))
		}
	}
	for name, err := range w.told {
		n := times[name]
		unknown := errors.Is(err, core.ErrOutcomeUnknown)
		if n > 1 || err == nil && n == 0 || err != nil && !unknown && n > 0 {
			problems = append(problems, fmt.Sprintf("%s is there %d times, and was told %v", name, n, err))
		}
	}
	return problems
}

// Whatever happens to requests and whoever sleeps: what is done under a later
// lease is never followed by what is done under an earlier one, and, with leases
// in the store, no transaction commits that began when its lease had been taken
// over.
func TestFencedTransactionsComeInTheOrderOfTheirLeases(t *testing.T) {
	for name, locker := range lockers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			commits, lost := 0, 0
			for seed := range uint64(histories) {
				synctest.Test(t, func(t *testing.T) {
					own := locker()
					w := watch{told: make(map[string]error)}
					store := processes(t, seed, func(number int, db *core.DB, random *rand.Rand) {
						if number == 0 {
							for {
								if _, err := db.Create(t.Context(), "journal", journal{Entries: []entry{}}); err == nil || errors.Is(err, core.ErrExists) {
									break
								}
							}
						}
						w.work(t, number, db, random)
					}, func(o *core.Options) { o.Locker = own })
					db := openWith(t, store.Client(), core.Options{})
					var log journal
					if _, err := db.Get(context.Background(), "journal", &log); err != nil {
						t.Fatalf("seed %d: %v", seed, err)
					}
					problems := w.verify(log.Entries)
					if own == nil {
						problems = slices.Concat(problems, w.late)
					}
					for _, problem := range problems {
						t.Errorf("seed %d: %s", seed, problem)
					}
					commits, lost = commits+w.commits, lost+w.lost
					_ = db.Close()
					if closer, ok := own.(*memory.Locker); ok {
						_ = closer.Close()
					}
				})
			}
			t.Logf("%d transactions committed, %d lost their lease", commits, lost)
			if commits < histories || lost < histories/10 {
				t.Errorf("%d commits and %d losses are too few to tell anything", commits, lost)
			}
		})
	}
}
