package simulation_test

import (
	"context"
	"errors"
	"testing"

	"github.com/smarterbase/smarterbase/core"
)

// single is an operation on one document outside of a transaction.
func (c *client) single(key string) {
	coll, id := c.collection(key)
	switch n := c.rng.IntN(20); {
	case n < 4:
		c.get(coll, key, id)
	case n < 5:
		c.exists(coll, key, id)
	case n < 8:
		c.create(coll, key, id)
	case n < 10:
		c.put(coll, key, id)
	case n < 12 && c.seen[key].Value.T != "":
		c.putIf(coll, key, id)
	case n < 15:
		c.update(coll, key, id)
	case n < 17:
		c.patch(coll, key, id)
	default:
		c.delete(coll, key, id)
	}
}

func (c *client) get(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "get", func(ctx context.Context, o *operation) error {
		a := o.try()
		d, err := coll.Get(ctx, id)
		switch {
		case err == nil:
			a.saw(key, d.Value.T)
			c.seen[key] = d
		case errors.Is(err, core.ErrNotFound):
			o.refusedBy = append(o.refusedBy, absent(key))
		}
		return err
	})
}

func (c *client) exists(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "exists", func(ctx context.Context, o *operation) error {
		a := o.try()
		found, err := coll.Exists(ctx, id)
		if err == nil && found {
			a.sees = append(a.sees, exists(key))
		} else if err == nil {
			a.sawAbsent(key)
		}
		return err
	})
}

func (c *client) create(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "create", func(ctx context.Context, o *operation) error {
		a := o.try()
		a.puts(key)
		a.sawAbsent(key)
		d, err := coll.Create(ctx, id, c.fresh(a))
		if errors.Is(err, core.ErrExists) {
			o.refusedBy = append(o.refusedBy, exists(key))
		} else if err == nil {
			c.seen[key] = d
		}
		return err
	})
}

func (c *client) put(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "put", func(ctx context.Context, o *operation) error {
		a := o.try()
		a.puts(key)
		d, err := coll.Put(ctx, id, c.fresh(a))
		if err == nil {
			c.seen[key] = d
		}
		return err
	})
}

func (c *client) putIf(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "put if", func(ctx context.Context, o *operation) error {
		based := c.seen[key]
		a := o.try()
		a.puts(key)
		a.saw(key, based.Value.T)
		_, err := coll.Put(ctx, id, c.fresh(a), core.IfRevision(based.Revision))
		if errors.Is(err, core.ErrConflict) {
			o.refusedBy = append(o.refusedBy, observation{key: key, reason: "changed", holds: func(v version) bool {
				return v.doc.T != based.Value.T
			}})
		}
		return err
	})
}

func (c *client) update(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "update", func(ctx context.Context, o *operation) error {
		_, err := coll.Update(ctx, id, func(d *doc) error {
			a := o.try()
			a.saw(key, d.T)
			a.puts(key)
			*d = c.fresh(a)
			return nil
		})
		if errors.Is(err, core.ErrNotFound) {
			o.refusedBy = append(o.refusedBy, absent(key))
		}
		return err
	})
}

func (c *client) patch(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "patch", func(ctx context.Context, o *operation) error {
		a := o.try()
		a.puts(key)
		a.sees = append(a.sees, exists(key))
		_, err := coll.Patch(ctx, id, map[string]any{"v": pick(c.rng, values), "t": a.token})
		if errors.Is(err, core.ErrNotFound) {
			o.refusedBy = append(o.refusedBy, absent(key))
		}
		return err
	})
}

func (c *client) delete(coll *core.Collection[doc], key, id string) {
	_ = c.on(key, "delete", func(ctx context.Context, o *operation) error {
		a := o.try()
		a.writes[key] = write{delete: true, maybe: true}
		return coll.Delete(ctx, id)
	})
}

func init() {
	two := keys("plain", "x", "y")
	workloads["TestRegisters"] = &workload{
		keys: two, start: map[string]doc{two[0]: {V: "a"}},
		act:   func(c *client) { c.single(pick(c.rng, two)) },
		check: (*history).linearizable,
	}
	three := keys("items", "x", "y", "z")
	indexed := func(c *client) {
		if c.rng.IntN(3) == 0 {
			c.ask("items/")
		} else {
			c.single(pick(c.rng, three))
		}
	}
	start := map[string]doc{three[0]: {V: "a"}, three[1]: {V: "b"}}
	workloads["TestIndexedDocuments"] = &workload{indexed: true, keys: three, start: start, act: indexed}
	workloads["TestIndexLoss"] = &workload{indexed: true, losses: true, keys: three, start: start, act: indexed}
}

func TestRegisters(t *testing.T)        { simulateNamed(t, "TestRegisters") }
func TestIndexedDocuments(t *testing.T) { simulateNamed(t, "TestIndexedDocuments") }
func TestIndexLoss(t *testing.T)        { simulateNamed(t, "TestIndexLoss") }
