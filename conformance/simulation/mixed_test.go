package simulation_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/core"
)

func init() {
	x, y := keys("plain", "x", "y")[0], keys("plain", "x", "y")[1]
	two, three, indexed := []string{x, y}, keys("plain", "x", "y", "z"), keys("items", "x", "y", "z")

	workloads["TestTransactions"] = &workload{
		keys: three, start: map[string]doc{x: {V: "a"}, y: {V: "b", N: 1}},
		act: func(c *client) { c.mixed("plain/", three) },
	}
	workloads["TestPlainOperationsAmongTransactions"] = &workload{
		keys: three, start: map[string]doc{x: {V: "a"}, y: {V: "b", N: 1}},
		act: func(c *client) {
			switch n := c.rng.IntN(10); {
			case n < 5:
				c.single(pick(c.rng, three))
			case n < 6:
				c.ask("plain/")
			default:
				c.mixed("plain/", three)
			}
		},
	}
	items := func(c *client) {
		switch n := c.rng.IntN(10); {
		case n < 3:
			c.single(pick(c.rng, indexed))
		case n < 4:
			c.ask("items/")
		default:
			c.mixed("items/", indexed)
		}
	}
	start := map[string]doc{indexed[0]: {V: "a"}, indexed[1]: {V: "b", N: 1}}
	workloads["TestPredicates"] = &workload{indexed: true, keys: indexed, start: start, act: items}
	workloads["TestPredicatesAndIndexLoss"] = &workload{indexed: true, losses: true, keys: indexed, start: start, act: items}

	workloads["TestWriteSkew"] = &workload{
		keys: two, start: map[string]doc{x: {N: 1}, y: {N: 1}},
		act:   func(c *client) { c.takeOne(two) },
		after: func(r *recorder) { r.sumOf(two, func(n int) bool { return n >= 0 }) },
	}
	workloads["TestReadOnlyAnomaly"] = &workload{
		keys: two, start: map[string]doc{x: {}, y: {}},
		act: func(c *client) { c.fekete(x, y) },
	}
	workloads["TestTransfers"] = &workload{
		keys: three, start: map[string]doc{three[0]: {N: 3}, three[1]: {N: 3}, three[2]: {N: 3}},
		act:   func(c *client) { c.transfer(three, 9) },
		check: func(h *history) { h.recorder.totals(three, 9) },
	}
	workloads["TestCounters"] = &workload{
		keys: two, start: map[string]doc{x: {}, y: {}},
		act:     func(c *client) { c.count(two) },
		changed: func(r *recorder, key string) { r.grewByOne(key) },
	}
	workloads["TestListAppend"] = &workload{
		keys: two, start: map[string]doc{x: {}, y: {}},
		act:     func(c *client) { c.appendTo(two) },
		changed: func(r *recorder, key string) { r.appended(key) },
	}
	workloads["TestCreateDeleteCreate"] = &workload{
		keys: two,
		act:  func(c *client) { c.recreate(two) },
	}
}

func TestTransactions(t *testing.T) { simulateNamed(t, "TestTransactions") }
func TestPlainOperationsAmongTransactions(t *testing.T) {
	simulateNamed(t, "TestPlainOperationsAmongTransactions")
}
func TestPredicates(t *testing.T)             { simulateNamed(t, "TestPredicates") }
func TestPredicatesAndIndexLoss(t *testing.T) { simulateNamed(t, "TestPredicatesAndIndexLoss") }
func TestWriteSkew(t *testing.T)              { simulateNamed(t, "TestWriteSkew") }
func TestReadOnlyAnomaly(t *testing.T)        { simulateNamed(t, "TestReadOnlyAnomaly") }
func TestTransfers(t *testing.T)              { simulateNamed(t, "TestTransfers") }
func TestCounters(t *testing.T)               { simulateNamed(t, "TestCounters") }
func TestListAppend(t *testing.T)             { simulateNamed(t, "TestListAppend") }
func TestCreateDeleteCreate(t *testing.T)     { simulateNamed(t, "TestCreateDeleteCreate") }

// takeOne takes one from a document if the sum of both allows it.
func (c *client) takeOne(both []string) {
	from, give := pick(c.rng, both), c.rng.IntN(3) == 0
	if c.rng.IntN(4) == 0 {
		c.look(both)
		return
	}
	_ = c.transact("take one", func(ctx context.Context, x *txn) error {
		sum := 0
		now := make(map[string]doc)
		for _, key := range both {
			d, _, err := x.get(ctx, key)
			if err != nil {
				return err
			}
			now[key], sum = d, sum+d.N
		}
		d := now[from]
		switch d.N--; {
		case give:
			d.N += 2
		case sum < 1:
			return errOwn
		}
		return x.set(ctx, from, d)
	})
}

// look reads several documents at one moment.
func (c *client) look(all []string) {
	var options []core.TxOption
	if c.rng.IntN(2) == 0 {
		options = append(options, core.ReadOnly())
	}
	_ = c.transact("look", func(ctx context.Context, x *txn) error {
		for _, key := range all {
			if _, _, err := x.get(ctx, key); err != nil {
				return err
			}
		}
		return nil
	}, options...)
}

// fekete are the three transactions of the read-only anomaly: a deposit, a
// withdrawal that reads both, and a report (Fekete, O'Neil, O'Neil, 2004).
func (c *client) fekete(x, y string) {
	switch c.rng.IntN(3) {
	case 0:
		_ = c.transact("deposit", func(ctx context.Context, t *txn) error {
			return t.change(ctx, y, func(d *doc) { d.N += 20 })
		})
	case 1:
		_ = c.transact("withdraw", func(ctx context.Context, t *txn) error {
			a, _, err := t.get(ctx, x)
			if err != nil {
				return err
			}
			b, _, err := t.get(ctx, y)
			if err != nil {
				return err
			}
			if a.N -= 10; a.N+b.N < 0 {
				a.N--
			}
			return t.set(ctx, x, a)
		})
	default:
		c.look([]string{x, y})
	}
}

// transfer moves one from a document to another, or reads all.
func (c *client) transfer(all []string, total int) {
	if c.rng.IntN(3) == 0 {
		_ = c.transact("total", func(ctx context.Context, x *txn) error {
			sum := 0
			for _, key := range all {
				d, _, err := x.get(ctx, key)
				if err != nil {
					return err
				}
				sum += d.N
			}
			if sum != total {
				return fmt.Errorf("total %d: %w", sum, errOwn)
			}
			return nil
		})
		return
	}
	two := some(c.rng, all, 2, 2)
	_ = c.transact("transfer", func(ctx context.Context, x *txn) error {
		from, _, err := x.get(ctx, two[0])
		if err != nil {
			return err
		}
		if from.N < 1 {
			return errOwn
		}
		from.N--
		if err := x.set(ctx, two[0], from); err != nil {
			return err
		}
		return x.change(ctx, two[1], func(d *doc) { d.N++ })
	})
}

// totals checks the sum after each step.
func (r *recorder) totals(all []string, total int) {
	steps := make(map[int]bool)
	for _, key := range all {
		for _, v := range r.lines[key] {
			steps[v.step] = true
		}
	}
	for step := range steps {
		sum, there := 0, true
		for _, key := range all {
			v := between(r.lines[key], step, step)[0]
			sum, there = sum+v.doc.N, there && v.exists
		}
		if there && sum != total && step > 0 {
			r.problem("total: the sum is %d after step %d", sum, step)
		}
	}
}

// sumOf checks the sum of documents whenever one changes.
func (r *recorder) sumOf(all []string, right func(int) bool) {
	sum := 0
	for _, key := range all {
		v := r.last(key)
		if len(r.lines[key]) == 0 {
			return
		}
		sum += v.doc.N
	}
	if !right(sum) {
		r.problem("constraint: the sum is %d at step %d", sum, r.step)
	}
}

// count increments documents, alone or together.
func (c *client) count(all []string) {
	key := pick(c.rng, all)
	switch n := c.rng.IntN(10); {
	case n < 2:
		coll, id := c.collection(key)
		c.get(coll, key, id)
	case n < 5:
		c.increment(key)
	default:
		_ = c.transact("increment", func(ctx context.Context, x *txn) error {
			if n < 8 {
				return x.change(ctx, key, func(d *doc) { d.N++ })
			}
			for _, each := range all {
				if err := x.change(ctx, each, func(d *doc) { d.N++ }); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

func (c *client) increment(key string) {
	c.alter("increment one", key, func(d *doc, _ *attempt) { d.N++ })
}

// alter is an update outside of a transaction.
func (c *client) alter(kind, key string, fn func(d *doc, a *attempt)) {
	_ = c.do(kind, func(ctx context.Context, o *operation) error {
		coll, id := c.collection(key)
		_, err := coll.Update(ctx, id, func(d *doc) error {
			a := o.try()
			a.saw(key, d.T)
			a.puts(key)
			fn(d, a)
			d.T = a.token
			return nil
		})
		return err
	})
}

// grewByOne checks that a counter went on by one.
func (r *recorder) grewByOne(key string) {
	line := r.lines[key]
	if now, before := line[len(line)-1], line[len(line)-2]; before.exists && now.doc.T != "end" && now.doc.N != before.doc.N+1 {
		r.problem("count: %s went from %d to %d", key, before.doc.N, now.doc.N)
	}
}

// appendTo appends the token of the write to lists, alone or together.
func (c *client) appendTo(all []string) {
	key := pick(c.rng, all)
	switch n := c.rng.IntN(10); {
	case n < 2:
		c.look(all)
	case n < 5:
		c.alter("append one", key, func(d *doc, a *attempt) { d.L = append(d.L, a.token) })
	default:
		_ = c.transact("append", func(ctx context.Context, x *txn) error {
			if n < 8 {
				return x.change(ctx, key, func(d *doc) { d.L = append(d.L, x.token) })
			}
			for _, each := range all {
				if err := x.change(ctx, each, func(d *doc) { d.L = append(d.L, x.token) }); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// appended checks that a list only got longer, by the token of the write.
func (r *recorder) appended(key string) {
	line := r.lines[key]
	now, before := line[len(line)-1], line[len(line)-2]
	if before.exists && now.doc.T != "end" && !slices.Equal(now.doc.L, append(slices.Clone(before.doc.L), now.doc.T)) {
		r.problem("list: %s went from %s to %s", key, strings.Join(before.doc.L, " "), strings.Join(now.doc.L, " "))
	}
}

// recreate creates and deletes, in transactions and without.
func (c *client) recreate(all []string) {
	key := pick(c.rng, all)
	coll, id := c.collection(key)
	switch n := c.rng.IntN(12); {
	case n < 3:
		c.create(coll, key, id)
	case n < 5:
		c.delete(coll, key, id)
	case n < 6:
		c.get(coll, key, id)
	default:
		_ = c.transact("recreate", func(ctx context.Context, x *txn) error {
			for _, each := range all {
				_, found, err := x.get(ctx, each)
				switch {
				case err != nil:
					return err
				case found && (each == key || n < 9):
					err = x.remove(ctx, each)
				case !found && (each == key || n > 10):
					err = x.create(ctx, each, x.fresh(x.attempt))
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
}
