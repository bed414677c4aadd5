package core

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
)

const (
	// cascadeLimit is how many documents one transaction of a cascade deletes
	// or changes at most.
	cascadeLimit = 100

	// parentsAtOnce is of how many documents the children are looked for with
	// one query.
	parentsAtOnce = 100

	// namedBlockers is how many of the documents that restrict a delete are
	// named.
	namedBlockers = 10
)

// errTooMany says that a cascade has more documents than the limit.
var errTooMany = errors.New("the delete takes too many documents with it")

// node is a document, by its place.
type node struct{ collection, id string }

// step is a document that a cascade deletes, and why.
type step struct {
	node
	parent int    // position of what it refers to; -1: what the cascade was asked to delete
	field  string // by which it refers to that
	kids   []int  // positions of what refers to it, and goes with it
}

// loss is a field that loses what it refers to.
type loss struct{ field, parent string }

// expansion finds out what a delete takes with it. What it finds outside of a
// transaction may have changed by the time it is acted on.
type expansion struct {
	db      *DB
	tx      *Tx           // nil: outside of a transaction
	written *Tx           // what it has written does not restrict anything
	limit   int           // of documents; 0: none
	except  map[node]bool // are as good as deleted

	rules   map[string][]index.Reference // by collection, as they were honoured
	deletes []step                       // parents before what refers to them
	at      map[node]int                 // position in deletes
	order   []step                       // the keys of changes, as they were found
	changes map[node][]loss
	blocked []ReferenceError
}

// expand starts at roots, and answers errTooMany as soon as the limit is
// passed. Who calls it looks at blocked.
func (e *expansion) expand(ctx context.Context, roots ...node) error {
	e.rules, e.at, e.changes = make(map[string][]index.Reference), make(map[node]int), make(map[node][]loss)
	for _, root := range roots {
		e.take(step{node: root, parent: -1})
	}
	for from := 0; from < len(e.deletes); {
		level := e.deletes[from:]
		from = len(e.deletes)
		if err := e.each(ctx, level, Cascade, e.cascade); err != nil {
			return err
		}
	}
	// Only now is it known what goes anyway, and so restricts nothing and needs
	// no change.
	if err := e.each(ctx, e.deletes, Restrict, e.restrict); err != nil || len(e.blocked) > 0 {
		return err
	}
	return e.each(ctx, e.deletes, SetNull, e.setNull)
}

// each calls fn for every reference with that policy to some of the steps.
func (e *expansion) each(ctx context.Context, steps []step, policy OnDelete, fn func(context.Context, index.Reference, family) error) error {
	var collections []string
	ids := make(map[string][]string)
	for _, s := range steps {
		if ids[s.collection] == nil {
			collections = append(collections, s.collection)
		}
		ids[s.collection] = append(ids[s.collection], s.id)
	}
	for _, collection := range collections {
		references, err := e.references(ctx, collection)
		if err != nil {
			return err
		}
		for _, r := range references {
			if r.OnDelete != string(policy) {
				continue
			}
			for some := range slices.Chunk(ids[collection], parentsAtOnce) {
				if err := fn(ctx, r, family{collection, some}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// references are those to a collection, the same during the whole expansion.
func (e *expansion) references(ctx context.Context, collection string) ([]index.Reference, error) {
	if known, ok := e.rules[collection]; ok {
		return known, nil
	}
	rules, err := e.db.documents(collection).holder.Rules(ctx)
	if err == nil {
		e.rules[collection] = rules.References
	}
	return rules.References, err
}

// family is some documents of one collection that others may refer to.
type family struct {
	collection string
	ids        []string
}

// children calls fn for every document that refers to one of the family, with
// those that it refers to, until fn answers false.
func (e *expansion) children(ctx context.Context, r index.Reference, parents family, fn func(child node, refersTo []string) bool) error {
	wanted := make(map[string]bool, len(parents.ids))
	for _, id := range parents.ids {
		wanted[id] = true
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	query, full := e.bound(e.db.untyped(e.tx, r.Collection).Query().Where(In(r.Field, parents.ids...)), cancel)
	for doc, err := range query.Iter(ctx) {
		if full() {
			return errTooMany
		}
		if e.goneAnyway(err) {
			continue
		}
		if err != nil {
			return err
		}
		refersTo := slices.DeleteFunc(idsIn(doc.Value, r.Field), func(id string) bool { return !wanted[id] })
		if len(refersTo) > 0 && !fn(node{r.Collection, doc.ID}, refersTo) {
			break
		}
	}
	return nil
}

// bound ends a query, by cancel, that meets more documents than can count under
// the limit. A query inside a transaction otherwise reads all of them before it
// yields any.
func (e *expansion) bound(q Query[json.RawMessage], cancel func()) (bounded Query[json.RawMessage], full func() bool) {
	if e.limit == 0 {
		return q, func() bool { return false }
	}
	most := int64(e.limit + namedBlockers + len(e.except))
	met := new(atomic.Int64)
	count := func(json.RawMessage) bool {
		if met.Add(1) > most {
			cancel()
		}
		return true
	}
	return q.Filter(count), func() bool { return met.Load() > most }
}

// goneAnyway reports whether an error says that a document can't be read which
// will be gone, whatever it refers to.
func (e *expansion) goneAnyway(err error) bool {
	var one *Error
	return errors.As(err, &one) && one.Kind == ErrCorrupt && one.ID != "" && e.goes(node{one.Collection, one.ID})
}

// goes reports whether a document will be gone anyway.
func (e *expansion) goes(n node) bool {
	_, taken := e.at[n]
	return taken || e.except[n]
}

func (e *expansion) cascade(ctx context.Context, r index.Reference, parents family) error {
	full := false
	err := e.children(ctx, r, parents, func(child node, refersTo []string) bool {
		parent := e.at[node{parents.collection, refersTo[0]}]
		if !e.goes(child) {
			e.take(step{node: child, parent: parent, field: r.Field})
		}
		if position, taken := e.at[child]; taken {
			for _, id := range refersTo {
				above := &e.deletes[e.at[node{parents.collection, id}]]
				above.kids = append(above.kids, position)
			}
		}
		full = e.full()
		return !full
	})
	if full {
		return errTooMany
	}
	return err
}

func (e *expansion) restrict(ctx context.Context, r index.Reference, parents family) error {
	blocked, err := e.blocker(ctx, r, parents)
	if errors.Is(err, errTooMany) {
		// So many can't all go, so some of them restrict the delete. To name a few,
		// the transaction need not read all of them.
		outside := *e
		outside.limit = 0
		outside.written, outside.tx = e.tx, nil
		if blocked, err = outside.blocker(ctx, r, parents); err == nil && blocked == nil {
			err = errTooMany
		}
	}
	if blocked != nil {
		e.blocked = append(e.blocked, *blocked)
	}
	return err
}

// blocker finds documents that do not let one of the family be deleted, if there
// are any.
func (e *expansion) blocker(ctx context.Context, r index.Reference, parents family) (blocked *ReferenceError, err error) {
	err = e.children(ctx, r, parents, func(child node, refersTo []string) bool {
		switch {
		case e.goes(child), e.written.hasWritten(child):
		case blocked == nil:
			blocked = &ReferenceError{Collection: parents.collection, ID: refersTo[0], Child: r.Collection, Field: r.Field, IDs: []string{child.id}}
		case slices.Contains(refersTo, blocked.ID):
			blocked.IDs = append(blocked.IDs, child.id)
		}
		return blocked == nil || len(blocked.IDs) < namedBlockers
	})
	return blocked, err
}

// hasWritten reports whether a transaction has written a document; nil has not.
func (tx *Tx) hasWritten(n node) bool {
	if tx == nil {
		return false
	}
	found := tx.find(layout.DocumentKey(layout.Folder(n.collection), n.id), false)
	tx.mu.Lock()
	defer tx.mu.Unlock()
	return found != nil && found.written
}

func (e *expansion) setNull(ctx context.Context, r index.Reference, parents family) error {
	full := false
	err := e.children(ctx, r, parents, func(child node, refersTo []string) bool {
		if e.goes(child) {
			return true
		}
		lost := loss{r.Field, parents.collection}
		if known := e.changes[child]; known == nil {
			e.order = append(e.order, step{node: child, parent: e.at[node{parents.collection, refersTo[0]}], field: r.Field})
		}
		if !slices.Contains(e.changes[child], lost) {
			e.changes[child] = append(e.changes[child], lost)
		}
		full = e.full()
		return !full
	})
	if full {
		return errTooMany
	}
	return err
}

func (e *expansion) take(s step) {
	if _, twice := e.at[s.node]; !twice {
		e.at[s.node] = len(e.deletes)
		e.deletes = append(e.deletes, s)
	}
}

func (e *expansion) full() bool { return e.limit > 0 && len(e.deletes)+len(e.order) > e.limit }

// untyped is a collection of JSON text, inside a transaction if there is one.
func (db *DB) untyped(tx *Tx, collection string) *Collection[json.RawMessage] {
	c := &Collection[json.RawMessage]{docs: db.documents(collection), shape: &shape{of: rawType}, codec: jsonCodec{}}
	if tx != nil {
		c = c.In(tx)
	}
	return c
}

// idsIn answers the ids that a member holds.
func idsIn(members []byte, field string) (ids []string) {
	rawjson.Visit(members, []string{field}, func(value []byte) {
		if value[0] == '"' {
			ids = append(ids, rawjson.Unquote(value))
		}
	})
	return ids
}

// without answers the merge patch that takes ids out of a member; nil if none
// of them is in it.
func without(members []byte, field string, gone func(id string) bool) []byte {
	value, found := rawjson.Find(members, field)
	if !found || !slices.ContainsFunc(idsIn(members, field), gone) {
		return nil
	}
	name, _ := json.Marshal(field) // a string can't fail
	patch := append(append([]byte{'{'}, name...), ':')
	if value[0] != '[' {
		return append(patch, "null}"...)
	}
	patch = append(patch, '[')
	first := true
	for element := range rawjson.Elements(value) {
		if element[0] == '"' && gone(rawjson.Unquote(element)) {
			continue
		}
		if !first {
			patch = append(patch, ',')
		}
		patch, first = append(patch, element...), false
	}
	return append(patch, "]}"...)
}
