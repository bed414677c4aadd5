package engine_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// A shop: deletes go from users to orders to items; logins hold their users
// fast; groups lose theirs.
type (
	order struct {
		User string `json:"user" sb:"ref:users,on_delete:cascade"`
	}
	part struct {
		Order string `json:"order" sb:"ref:orders,on_delete:cascade"`
		N     int    `json:"n"`
	}
	login struct {
		User string `json:"user" sb:"ref:users"`
	}
	group struct {
		Members []string `json:"members" sb:"index,name:members;ref:users,on_delete:set-null"`
		Owner   *string  `json:"owner,omitempty" sb:"ref:users,on_delete:set_null"`
	}
	invoice struct {
		Item string `json:"item" sb:"ref:items,on_delete:restrict"`
	}
)

// shop is a database with these collections.
type shop struct {
	db       *core.DB
	users    *core.Collection[plain]
	orders   *core.Collection[order]
	items    *core.Collection[part]
	logins   *core.Collection[login]
	groups   *core.Collection[group]
	invoices *core.Collection[invoice]
}

func openShop(t *testing.T, db *core.DB) *shop {
	t.Helper()
	return &shop{
		db: db, users: collection[plain](t, db, "users"), orders: collection[order](t, db, "orders"), items: collection[part](t, db, "items"),
		logins: collection[login](t, db, "logins"), groups: collection[group](t, db, "groups"), invoices: collection[invoice](t, db, "invoices"),
	}
}

// fill makes two users, each with two orders of two items.
func (s *shop) fill(t *testing.T) {
	t.Helper()
	for _, user := range []string{"ann", "bob"} {
		add(t, s.users, user, plain{})
		for i := range 2 {
			add(t, s.orders, fmt.Sprint(user, i), order{User: user})
			for j := range 2 {
				add(t, s.items, fmt.Sprintf("%s%d%d", user, i, j), part{Order: fmt.Sprint(user, i)})
			}
		}
	}
}

func add[T any](t *testing.T, c *core.Collection[T], id string, value T) {
	t.Helper()
	_, err := c.Create(t.Context(), id, value)
	require.NoError(t, err)
}

// all are the ids of a collection, sorted.
func all[T any](t *testing.T, c *core.Collection[T]) []string {
	t.Helper()
	found, err := c.Query().IDs(t.Context())
	require.NoError(t, err)
	slices.Sort(found)
	return found
}

func TestACascadeDeletesChildrenAndTheirChildren(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		shop := openShop(t, s.open(t))
		shop.fill(t)
		plan, err := shop.users.DeletePlan(t.Context(), "ann")
		require.NoError(t, err)
		require.Equal(t, 7, plan.Deleted)
		require.True(t, plan.Atomic)
		require.NoError(t, shop.users.Delete(t.Context(), "ann"))
		require.Equal(t, []string{"bob"}, all(t, shop.users))
		require.Equal(t, []string{"bob0", "bob1"}, all(t, shop.orders))
		require.Equal(t, []string{"bob00", "bob01", "bob10", "bob11"}, all(t, shop.items))

		require.NoError(t, shop.db.Delete(t.Context(), "users/bob"), "by key")
		require.Empty(t, all(t, shop.users))
		require.Empty(t, all(t, shop.items))
		require.NoError(t, shop.users.Delete(t.Context(), "nobody"))
	})
}

func TestAReferenceRestrictsTheDeleteUnlessToldOtherwise(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		shop := openShop(t, s.open(t))
		shop.fill(t)
		add(t, shop.logins, "one", login{User: "ann"})
		add(t, shop.logins, "two", login{User: "ann"})
		err := shop.users.Delete(t.Context(), "ann")
		require.ErrorIs(t, err, core.ErrConstraint)
		var refused *core.ReferenceError
		require.ErrorAs(t, err, &refused)
		slices.Sort(refused.IDs)
		require.Equal(t, core.ReferenceError{Collection: "users", ID: "ann", Child: "logins", Field: "user", IDs: []string{"one", "two"}}, *refused)
		require.Len(t, all(t, shop.users), 2)
		require.Len(t, all(t, shop.items), 8)

		require.NoError(t, shop.logins.Delete(t.Context(), "one"))
		require.NoError(t, shop.logins.Delete(t.Context(), "two"))
		require.NoError(t, shop.users.Delete(t.Context(), "ann"))
		require.Equal(t, []string{"bob"}, all(t, shop.users))
	})
}

func TestSetNullTakesTheIDOutAndNothingElse(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		shop := openShop(t, s.open(t))
		shop.fill(t)
		s.put(t, "groups/a.json", `{"members":["bob","ann","cyn","ann"],"owner":"ann","size":1.50}`)
		bob := "bob"
		add(t, shop.groups, "b", group{Members: []string{"ann"}, Owner: &bob})
		add(t, shop.groups, "c", group{Members: []string{"bob"}})
		before, err := shop.groups.Get(t.Context(), "c")
		require.NoError(t, err)

		require.NoError(t, shop.users.Delete(t.Context(), "ann"))
		var a json.RawMessage
		_, err = shop.db.Get(t.Context(), "groups/a", &a)
		require.NoError(t, err)
		require.Equal(t, `{"members":["bob","cyn"],"size":1.50}`, string(a))
		b, err := shop.groups.Get(t.Context(), "b")
		require.NoError(t, err)
		require.Equal(t, group{Members: []string{}, Owner: &bob}, b.Value)
		c, err := shop.groups.Get(t.Context(), "c")
		require.NoError(t, err)
		require.Equal(t, before.Revision.String(), c.Revision.String(), "it was left alone")
	})
}

func TestARestrictionDeepInTheTreeRefusesAllOfIt(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		shop := openShop(t, s.open(t))
		shop.fill(t)
		ann := "ann"
		add(t, shop.groups, "g", group{Owner: &ann})
		add(t, shop.invoices, "paid", invoice{Item: "ann11"})
		plan, err := shop.users.DeletePlan(t.Context(), "ann")
		require.NoError(t, err)
		require.Equal(t, []core.ReferenceError{{Collection: "items", ID: "ann11", Child: "invoices", Field: "item", IDs: []string{"paid"}}}, plan.Restricted)
		require.ErrorIs(t, shop.users.Delete(t.Context(), "ann"), core.ErrConstraint)
		require.Len(t, all(t, shop.users), 2)
		require.Len(t, all(t, shop.orders), 4)
		require.Len(t, all(t, shop.items), 8)
		g, err := shop.groups.Get(t.Context(), "g")
		require.NoError(t, err)
		require.Equal(t, &ann, g.Value.Owner)
	})
}

func TestADeletePlanIsDrawn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		shop := openShop(t, (&site{store: memory.NewStore(memory.StoreOptions{})}).open(t))
		shop.fill(t)
		add(t, shop.groups, "g", group{Members: []string{"ann"}})
		plan, err := shop.users.DeletePlan(t.Context(), "ann")
		require.NoError(t, err)
		require.Equal(t, `delete users/ann
├── delete orders/ann0 (user)
│   ├── delete items/ann00 (order)
│   └── delete items/ann01 (order)
├── delete orders/ann1 (user)
│   ├── delete items/ann10 (order)
│   └── delete items/ann11 (order)
└── change groups/g (members)
`, plan.String())
		tree, err := shop.db.References(t.Context())
		require.NoError(t, err)
		require.Equal(t, `users
├── orders.user (cascade)
│   └── items.order (cascade)
│       └── invoices.item (restrict)
├── logins.user (restrict)
├── groups.members (set_null)
└── groups.owner (set_null)
`, tree.String())
		plan, err = shop.users.DeletePlan(t.Context(), "nobody")
		require.NoError(t, err)
		require.Nil(t, plan.Root)
	})
}

func TestACascadeOverAnArrayTakesWhoeverNamesTheParent(t *testing.T) {
	type team struct {
		Of []string `json:"of" sb:"ref:users,on_delete:cascade"`
	}
	onEach(t, func(t *testing.T, s *site) {
		db := s.open(t)
		users, teams := collection[plain](t, db, "users"), collection[team](t, db, "teams")
		add(t, users, "ann", plain{})
		add(t, teams, "one", team{Of: []string{"bob", "ann"}})
		add(t, teams, "two", team{Of: []string{"bob"}})
		require.NoError(t, users.Delete(t.Context(), "ann"))
		require.Equal(t, []string{"two"}, all(t, teams))
	})
}

// folder is a tree in one collection.
type folder struct {
	Parent string `json:"parent,omitempty" sb:"ref:folders,on_delete:cascade"`
}

func TestATreeInOneCollectionIsDeletedFromAnyPointDown(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		folders := collection[folder](t, s.open(t), "folders")
		for id, parent := range map[string]string{"a": "", "b": "a", "c": "b", "d": "b", "e": "a", "f": "f", "x": "z", "y": "x", "z": "y"} {
			add(t, folders, id, folder{Parent: parent})
		}
		require.NoError(t, folders.Delete(t.Context(), "b"))
		require.Equal(t, []string{"a", "e", "f", "x", "y", "z"}, all(t, folders))
		require.NoError(t, folders.Delete(t.Context(), "f"), "it refers to itself")
		require.NoError(t, folders.Delete(t.Context(), "y"), "they refer to each other")
		require.Equal(t, []string{"a", "e"}, all(t, folders))
	})
}

func TestACircleOfCascadesIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := (&site{store: memory.NewStore(memory.StoreOptions{})}).open(t)
		cascade := func(child, parent string) error {
			_, err := core.NewCollection[json.RawMessage](t.Context(), db, child, core.Reference("up", parent).OnDelete(core.Cascade))
			return err
		}
		require.NoError(t, cascade("orders", "users"))
		require.NoError(t, cascade("items", "orders"))
		err := cascade("users", "items")
		require.ErrorIs(t, err, core.ErrInvalid)
		require.ErrorContains(t, err, "items → users → orders → items")
		_, err = core.NewCollection[json.RawMessage](t.Context(), db, "users", core.Reference("up", "items").OnDelete(core.SetNull))
		require.NoError(t, err, "only cascades must not go round")
	})
}

func TestAReferenceIsHonouredByProgramsThatDoNotKnowIt(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		shop := openShop(t, s.open(t))
		shop.fill(t)
		other := collection[plain](t, s.open(t), "users")
		require.NoError(t, other.Delete(t.Context(), "ann"))
		require.Equal(t, []string{"bob00", "bob01", "bob10", "bob11"}, all(t, shop.items))
		require.NoError(t, s.open(t).Delete(t.Context(), "users/bob"))
		require.Empty(t, all(t, shop.items))
	})
}

func TestAProgramLearnsOfANewReferenceWithTheNextLease(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		old := collection[plain](t, s.open(t), "users")
		add(t, old, "ann", plain{})
		require.NoError(t, old.Delete(t.Context(), "ann"), "there is no reference yet, and that is known")
		shop := openShop(t, s.open(t))
		shop.fill(t)
		later(t, 11*time.Second)
		require.NoError(t, old.Delete(t.Context(), "ann"))
		require.Equal(t, []string{"bob0", "bob1"}, all(t, shop.orders))
	})
}

func TestAReferenceThatIsDeclaredOtherwiseIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := (&site{store: memory.NewStore(memory.StoreOptions{})}).open(t)
		openShop(t, db)
		declare := func() error {
			_, err := core.NewCollection[json.RawMessage](t.Context(), db, "orders", core.Reference("user", "users").MustExist())
			return err
		}
		err := declare()
		require.ErrorIs(t, err, core.ErrInvalid)
		require.ErrorContains(t, err, "orders.user → users (cascade)")
		require.ErrorContains(t, err, "orders.user → users (restrict, must_exist)")
		require.NoError(t, db.DropReference(t.Context(), "orders", "user", "users"))
		require.NoError(t, declare())
		require.NoError(t, db.DropReference(t.Context(), "orders", "user", "users"))
		require.NoError(t, db.DropReference(t.Context(), "orders", "user", "users"))
		tree, err := db.References(t.Context())
		require.NoError(t, err)
		require.False(t, slices.ContainsFunc(tree, func(r core.ReferenceInfo) bool { return r.Collection == "orders" }))
	})
}

// note needs its user.
type note struct {
	User  string   `json:"user,omitempty" sb:"ref:users,on_delete:cascade,must_exist"`
	Also  []string `json:"also,omitempty" sb:"ref:users,on_delete:set_null,must_exist"`
	Text  string   `json:"text,omitempty"`
	Reply string   `json:"reply,omitempty" sb:"ref:notes,on_delete:set_null,must_exist"`
}

func TestWhatMustExistIsAskedForOnce(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, db := t.Context(), s.open(t)
		users, notes := collection[plain](t, db, "users"), collection[note](t, db, "notes")
		add(t, users, "ann", plain{})
		missing := func(err error, field, id string) {
			t.Helper()
			require.ErrorIs(t, err, core.ErrConstraint)
			require.ErrorContains(t, err, field)
			var cause *core.MissingReferenceError
			require.ErrorAs(t, err, &cause)
			require.Equal(t, []string{field, id}, []string{cause.Field, cause.ID})
		}
		_, err := notes.Create(ctx, "1", note{User: "bob"})
		missing(err, "user", "bob")
		_, err = db.Put(ctx, "notes/1", note{Also: []string{"ann", "cyn"}})
		missing(err, "also", "cyn")
		_, err = notes.Put(ctx, "1", note{User: "a\x00b"})
		missing(err, "user", "a\x00b")
		require.Empty(t, all(t, notes))

		add(t, notes, "1", note{User: "ann", Also: []string{"ann"}, Reply: "1"})
		_, err = notes.Create(ctx, "1", note{User: "ann"})
		require.ErrorIs(t, err, core.ErrExists)
		_, err = notes.Patch(ctx, "1", `{"user":"bob"}`)
		missing(err, "user", "bob")
		_, err = notes.Update(ctx, "1", func(n *note) error { n.Text = "hello"; return nil })
		require.NoError(t, err)

		s.put(t, "notes/2.json", `{"user":"gone","text":"old"}`)
		_, err = notes.Patch(ctx, "2", `{"text":"new"}`)
		require.NoError(t, err, "what it referred to before is not asked for")

		other := collection[json.RawMessage](t, s.open(t), "notes")
		_, err = other.Create(ctx, "3", json.RawMessage(`{"user":"bob"}`))
		missing(err, "user", "bob")

		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			if _, err := notes.In(tx).Create(ctx, "4", note{User: "dan"}); !errors.Is(err, core.ErrConstraint) {
				return fmt.Errorf("dan is not there yet: %w", err)
			}
			if _, err := users.In(tx).Create(ctx, "dan", plain{}); err != nil {
				return err
			}
			_, err := notes.In(tx).Create(ctx, "4", note{User: "dan"})
			return err
		}))
		require.Equal(t, []string{"1", "2", "4"}, all(t, notes))
	})
}

func TestNoChildOutlivesItsParent(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		a, b := s.open(t), s.open(t)
		users, notes := collection[plain](t, a, "users"), collection[note](t, b, "notes")
		require.NoError(t, notes.WaitReady(t.Context()))
		for round := range 8 {
			user := fmt.Sprint("user", round)
			add(t, users, user, plain{})
			if round == 7 { // more than one transaction deletes
				var docs []core.Document[note]
				for i := range 120 {
					docs = append(docs, core.Document[note]{ID: fmt.Sprint("before", i), Value: note{User: user}})
				}
				_, err := notes.CreateAll(t.Context(), docs)
				require.NoError(t, err)
			}
			var crowd sync.WaitGroup
			for i := range 3 {
				crowd.Go(func() {
					for j := range 4 {
						_, err := notes.Create(t.Context(), fmt.Sprintf("%s%d%d", user, i, j), note{User: user})
						if err != nil && !errors.Is(err, core.ErrConstraint) {
							t.Errorf("create: %v", err)
						}
					}
				})
			}
			crowd.Go(func() {
				if err := users.Delete(t.Context(), user); err != nil {
					t.Errorf("delete: %v", err)
				}
			})
			crowd.Wait()
			require.Empty(t, all(t, users))
			require.Empty(t, all(t, notes))
		}
	})
}

func TestACascadeInsideATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, shop := t.Context(), openShop(t, s.open(t))
		shop.fill(t)
		add(t, shop.logins, "one", login{User: "ann"})
		require.NoError(t, shop.db.Tx(ctx, func(tx *core.Tx) error {
			if err := shop.users.In(tx).Delete(ctx, "ann"); !errors.Is(err, core.ErrConstraint) {
				return fmt.Errorf("the login restricts it: %w", err)
			}
			if err := shop.logins.In(tx).Delete(ctx, "one"); err != nil {
				return err
			}
			if err := shop.users.In(tx).Delete(ctx, "ann"); err != nil {
				return err
			}
			if left, err := shop.items.In(tx).Count(ctx); err != nil || left != 4 {
				return fmt.Errorf("%d items are left: %w", left, err)
			}
			return tx.Delete(ctx, "orders/bob0")
		}))
		require.Equal(t, []string{"bob10", "bob11"}, all(t, shop.items))
		require.Empty(t, all(t, shop.logins))
	})
}

func TestReferencesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	cases := []refusal{
		refuses[struct {
			A string `json:"a" sb:"ref"`
		}]("no collection", "A", "no collection"),
		refuses[struct {
			A string `json:"a" sb:"ref:"`
		}]("an empty collection", "A", "no collection"),
		refuses[struct {
			A string `json:"a" sb:"ref:_x"`
		}]("a name that can't be a collection's", "A", "underscore"),
		refuses[struct {
			A string `json:"a" sb:"ref:users,on_delete:explode"`
		}]("an unknown policy", "A", "explode", "restrict, cascade or set_null"),
		refuses[struct {
			A string `json:"a" sb:"ref:users,cascade"`
		}]("an unknown option", "A", `"cascade"`, "must_exist"),
		refuses[struct {
			A int `json:"a" sb:"ref:users"`
		}]("a number", "A", "int", "string"),
		refuses[struct {
			A [][]string `json:"a" sb:"ref:users"`
		}]("arrays of arrays", "A", "[][]string"),
		refuses[struct {
			A struct {
				B string `json:"b" sb:"ref:users"`
			} `json:"a"`
		}]("a nested field", "B", "ref", "nested"),
		refuses[struct {
			A string `json:"a" sb:"ref:users;ref:groups"`
		}]("two at once", "two references", "users", "groups"),
		refuses[struct {
			A string `json:"a" sb:"id;ref:users"`
		}]("an id", "A", "combined"),
		{"a policy in code", func(db *core.DB) error {
			_, err := core.NewCollection[plain](background, db, "things", core.Reference("a", "users").OnDelete("explode"))
			return err
		}, []string{`"a"`, "explode"}},
		{"a field in code that holds no ids", func(db *core.DB) error {
			_, err := core.NewCollection[plain](background, db, "things", core.Reference("n", "users"))
			return err
		}, []string{`"n"`, "int"}},
		{"a path in code", func(db *core.DB) error {
			_, err := core.NewCollection[plain](background, db, "things", core.Reference("a.b", "users"))
			return err
		}, []string{`"a.b"`}},
		{"no collection in code", func(db *core.DB) error {
			_, err := core.NewCollection[plain](background, db, "things", core.Reference("a", ""))
			return err
		}, []string{`"a"`, "no collection"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			store := memory.NewStore(memory.StoreOptions{})
			db, err := core.Open(t.Context(), store, core.Options{})
			require.NoError(t, err)
			defer func() { _ = db.Close() }()
			err = c.open(db)
			require.ErrorIs(t, err, core.ErrInvalid)
			for _, want := range c.wants {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestADeleteWithARevision(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, shop := t.Context(), openShop(t, s.open(t))
		shop.fill(t)
		before, err := shop.users.Get(ctx, "ann")
		require.NoError(t, err)
		now, err := shop.users.Put(ctx, "ann", plain{N: 1})
		require.NoError(t, err)
		require.ErrorIs(t, shop.users.Delete(ctx, "ann", core.IfRevision(before.Revision)), core.ErrConflict)
		require.Len(t, all(t, shop.items), 8)
		require.NoError(t, shop.users.Delete(ctx, "ann", core.IfRevision(now.Revision)))
		require.Len(t, all(t, shop.items), 4)
		require.ErrorIs(t, shop.users.Delete(ctx, "ann", core.IfRevision(now.Revision)), core.ErrConflict)
	})
}

func TestRequestsOfACascade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		m := newMeter(memory.StoreOptions{})
		db := m.open(t)
		users, orders := collection[plain](t, db, "users"), collection[order](t, db, "orders")
		ready(t, m.site, orders)
		for _, id := range []string{"ann", "bob"} {
			add(t, users, id, plain{})
		}
		add(t, orders, "1", order{User: "ann"})
		add(t, orders, "2", order{User: "ann"})
		add(t, orders, "3", order{User: "cyn"})
		synctest.Wait()
		id := regexp.MustCompile(`_sb/tx/[0-9a-z/]+`)
		count := func(fn func()) map[string]int {
			counts := make(map[string]int)
			for call := range strings.SplitSeq(id.ReplaceAllString(m.requests(fn), "_sb/tx/x"), "; ") {
				counts[call]++
			}
			return counts
		}
		lone := count(func() { require.NoError(t, users.Delete(ctx, "bob")) })
		require.Equal(t, map[string]int{
			"get users/bob.json":            1,
			"query people":                  2, // to find children, and to see that there still are none
			"get _sb/index/orders.json":     2,
			"put users/bob.json if version": 2, // the lock, and in the background the tombstone
			"put _sb/tx/x.json if absent":   1,
		}, lone)
		family := count(func() { require.NoError(t, users.Delete(ctx, "ann")) })
		require.Equal(t, 2, family["query people"])
		require.Zero(t, family["get _sb/tx/x.json"], "nobody asks for the decision of its own locks: %v", family)
		puts := 0
		for call, n := range family {
			if strings.HasPrefix(call, "put ") {
				puts += n
			}
		}
		require.Equal(t, 2*3+1, puts, "%v", family)
		leaf := count(func() { require.NoError(t, orders.Delete(ctx, "3")) })
		require.Equal(t, map[string]int{"get orders/3.json": 1, "put orders/3.json if version": 1, "end orders 1": 1}, leaf, "nothing refers to it")
	})
}
