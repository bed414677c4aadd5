package engine_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// register is the document of the histories: every write gives it another
// value, so a value tells which write it comes from.
type register struct {
	Value string `json:"value" sb:"index"`
}

// step is one operation of a history and what its caller was told.
type step struct {
	key    string
	op     string // get, create, put, put if, update, delete
	write  string // the value written
	based  string // put if: the value that was expected; update: the one that was seen
	read   string // get: the value; empty: there is none
	failed bool   // decided against the caller
	open   bool   // the outcome is unknown
}

// next lists the states that a document can be in after the step; none: the
// caller can't have been told what it was told.
func (s step) next(state string) []any {
	written := s.write // of a delete: empty, there is none
	holds := true
	switch s.op {
	case "get":
		if s.read != state {
			return nil
		}
		return []any{state}
	case "create":
		holds = state == ""
	case "put if":
		holds = state == s.based
	case "update":
		// It may have run several times: what it saw last counts.
		holds = state != "" && (s.failed || s.open || state == s.based)
		written = s.write + " after " + state
	}
	switch {
	case s.open && holds:
		return []any{state, written}
	case s.open:
		return []any{state}
	case s.failed && holds, !s.failed && !holds:
		return nil
	case s.failed:
		return []any{state}
	default:
		return []any{written}
	}
}

var registerModel = porcupine.NondeterministicModel{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byKey := make(map[string][]porcupine.Operation)
		for _, o := range history {
			key := o.Input.(step).key
			byKey[key] = append(byKey[key], o)
		}
		var parts [][]porcupine.Operation
		for _, part := range byKey {
			parts = append(parts, part)
		}
		return parts
	},
	Init:              func() []any { return []any{""} },
	Step:              func(state, input, _ any) []any { return input.(step).next(state.(string)) },
	DescribeOperation: func(input, _ any) string { return fmt.Sprintf("%+v", input) },
}

// trouble gives every client's requests a share of every fault.
func trouble(seed uint64, plan *faults.Plan) {
	chance := source(seed, 1<<50)
	oneIn := func(n uint64) func(faults.Call) bool { return func(faults.Call) bool { return chance()%n == 0 } }
	often := func(m faults.Method, n uint64) *faults.Rule {
		return plan.On(faults.Match{Method: m, Where: oneIn(n), Times: faults.Always})
	}
	often(faults.Put, 25).LoseAnswer()
	often(faults.Put, 25).ApplyAfter(1 + int(chance()%8))
	often(faults.Put, 40).LoseRequest()
	often(faults.Put, 25).Busy()
	often(faults.Put, 25).Duplicate()
	often(faults.Put, 25).ReplayAfter(1 + int(chance()%8))
	often(faults.Get, 40).Fail(ports.ErrUnavailable)
	often(faults.Begin, 30).LoseAnswer()
	often(faults.End, 15).LoseRequest()
}

// player is one client with a database of its own, whose clock is off.
type player struct {
	*testing.T
	name    string
	rng     *rand.Rand
	c       *core.Collection[register]
	clock   func() int64 // one order of all events
	history []porcupine.Operation
	writes  int

	// What it read last of each document, for conditions.
	seen map[string]core.Document[register]
}

func (p *player) play(operations, keys int) {
	for range operations {
		s := step{key: fmt.Sprint(p.rng.IntN(keys))}
		p.writes++
		s.write = fmt.Sprintf("%s.%d", p.name, p.writes)
		called := p.clock()
		err := p.do(&s)
		returned := p.clock()
		switch {
		case err == nil:
		case errors.Is(err, core.ErrOutcomeUnknown):
			s.open, returned = true, math.MaxInt64
		case isAny(err, core.ErrExists, core.ErrConflict, core.ErrNotFound):
			s.failed = true
		case errors.Is(err, core.ErrUnavailable):
			continue // nothing happened: if it did, somebody reads it
		default:
			p.Errorf("%+v answered %v", s, err)
		}
		p.history = append(p.history, porcupine.Operation{ClientId: 0, Input: s, Call: called, Return: returned})
	}
}

func (p *player) do(s *step) (err error) {
	ctx := p.Context()
	var doc core.Document[register]
	switch n := p.rng.IntN(12); {
	case n < 4:
		s.op = "get"
		if doc, err = p.c.Get(ctx, s.key); errors.Is(err, core.ErrNotFound) {
			err = nil
		} else if err == nil {
			p.seen[s.key] = doc
		}
		s.read = doc.Value.Value
	case n < 6:
		s.op = "create"
		_, err = p.c.Create(ctx, s.key, register{s.write})
	case n < 7:
		s.op, s.write = "delete", ""
		err = p.c.Delete(ctx, s.key)
	case n < 8:
		s.op = "put"
		_, err = p.c.Put(ctx, s.key, register{s.write})
	case n < 10 && p.seen[s.key].Value.Value != "":
		s.op, s.based = "put if", p.seen[s.key].Value.Value
		_, err = p.c.Put(ctx, s.key, register{s.write}, core.IfRevision(p.seen[s.key].Revision))
	default:
		s.op = "update"
		_, err = p.c.Update(ctx, s.key, func(v *register) error {
			s.based = v.Value
			v.Value = s.write + " after " + v.Value
			return nil
		})
	}
	return err
}

// TestHistoriesAreLinearizable lets several processes work on a few documents
// through every fault, and checks that some order of their operations explains
// what each of them was told.
func TestHistoriesAreLinearizable(t *testing.T) {
	t.Parallel()
	first := scale("SB_SEED", 1)
	for seed := first; seed < first+scale("SB_SEEDS", 60); seed++ {
		if !t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { linearize(t, uint64(seed)) }) {
			t.Fatalf("repeat with SB_SEED=%d SB_SEEDS=1; this was simulation number %d", seed, seed-first+1)
		}
	}
}

func linearize(t *testing.T, seed uint64) {
	options := memory.StoreOptions{LateWrites: true, HashVersions: seed%2 == 0}
	store, index := memory.NewStore(options), memory.NewIndex(memory.IndexOptions{})
	var now atomic.Int64
	players := make([]*player, 4)
	var group sync.WaitGroup
	for i := range players {
		plan := faults.New(faults.Options{})
		if i > 0 { // one has no trouble, so that all the others' writes are seen
			trouble(seed+uint64(i), plan)
		}
		s := &site{store: faults.Store(store, plan)}
		if seed%3 == 0 {
			s.index = faults.Index(index, plan)
		}
		db := s.open(t, skipProbe, withClock(newWrongClock(time.Duration(i-1)*time.Hour)), func(o *core.Options) {
			o.Random, o.RetryBase, o.RetryMax = source(seed, uint64(i)), time.Microsecond, 200*time.Microsecond
		})
		c, err := core.NewCollection[register](t.Context(), db, "registers")
		if err != nil {
			continue // its index did not answer
		}
		players[i] = &player{T: t, name: fmt.Sprint("p", i), rng: rand.New(rand.NewPCG(seed, uint64(i))), c: c,
			clock: func() int64 { return now.Add(1) }, seen: make(map[string]core.Document[register])}
		group.Go(func() { players[i].play(30, 3) })
	}
	group.Wait()
	var history []porcupine.Operation
	for i, p := range players {
		if p != nil {
			for _, o := range p.history {
				o.ClientId = i
				history = append(history, o)
			}
		}
	}
	for i := range history { // what is open may take effect until everything is over
		if history[i].Return == math.MaxInt64 {
			history[i].Return = now.Load() + 1
		}
	}
	model := registerModel.ToModel()
	if result := porcupine.CheckOperationsTimeout(model, history, 30*time.Second); result != porcupine.Ok {
		for _, o := range history {
			t.Logf("%3d to %3d: client %d: %+v", o.Call, o.Return, o.ClientId, o.Input)
		}
		t.Fatalf("seed %d: no order of these operations explains the answers: %v", seed, result)
	}
}

// Counters that many processes increment have exact totals: every
// acknowledged increment counts once, an unknown one at most once.
func TestCountersByUpdateAreExact(t *testing.T) {
	t.Parallel()
	store := memory.NewStore(likeS3)
	clean := collection[counted](t, (&site{store: store}).open(t), "counts")
	_, err := clean.Create(t.Context(), "n", counted{})
	require.NoError(t, err)
	var certain, doubtful atomic.Int64
	var group sync.WaitGroup
	for i := range 6 {
		plan := faults.New(faults.Options{TraceLimit: -1})
		trouble(uint64(i), plan)
		db := (&site{store: faults.Store(store, plan)}).open(t, skipProbe, func(o *core.Options) {
			o.RetryBase, o.RetryMax, o.ConflictAttempts = time.Microsecond, 200*time.Microsecond, 10000
		})
		c := collection[counted](t, db, "counts")
		group.Go(func() {
			for range 100 {
				switch _, err := c.Update(t.Context(), "n", increment); {
				case err == nil:
					certain.Add(1)
				case errors.Is(err, core.ErrOutcomeUnknown):
					doubtful.Add(1)
				case !errors.Is(err, core.ErrUnavailable):
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	got := int64(read(t, clean))
	require.GreaterOrEqual(t, got, certain.Load(), "an acknowledged increment is lost")
	require.LessOrEqual(t, got, certain.Load()+doubtful.Load(), "an increment counts twice")
	require.Greater(t, certain.Load(), int64(500))
}

// Of many creates of one document one succeeds, also where a tombstone is.
func TestACreateIsWonOnce(t *testing.T) {
	onEvery(t, func(t *testing.T, s *site) {
		dbs := []*core.Collection[person]{people(t, s.open(t)), people(t, s.open(t)), people(t, s.open(t))}
		for round := range 5 {
			var won atomic.Int64
			var group sync.WaitGroup
			for i := range 12 {
				group.Go(func() {
					_, err := dbs[i%len(dbs)].Create(t.Context(), "ann", person{Name: fmt.Sprint(i)})
					switch {
					case err == nil:
						won.Add(1)
					case !errors.Is(err, core.ErrExists):
						t.Error(err)
					}
				})
			}
			group.Wait()
			require.EqualValues(t, 1, won.Load(), "round %d", round)
			require.NoError(t, dbs[round%len(dbs)].Delete(t.Context(), "ann"))
		}
		agreeByIndex(t, s, dbs[0])
	})
}
