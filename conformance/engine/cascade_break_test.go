package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports/faults"
)

func TestAReferenceThatIsRefusedLeavesNoRequirement(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		shop := openShop(t, s.open(t))
		other := s.open(t)
		_, err := core.NewCollection[json.RawMessage](t.Context(), other, "orders", core.Reference("user", "users").OnDelete(core.Cascade).MustExist())
		require.ErrorIs(t, err, core.ErrInvalid)
		later(t, 20*time.Second)
		_, err = shop.orders.Create(t.Context(), "1", order{User: "nobody"})
		require.NoError(t, err)
	})
}

func TestManyDocumentsRestrictADeleteInsideATransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, shop := t.Context(), openShop(t, s.open(t))
		ready(t, s, shop.logins)
		add(t, shop.users, "ann", plain{})
		var docs []core.Document[login]
		for i := range 150 {
			docs = append(docs, core.Document[login]{ID: fmt.Sprint(i), Value: login{User: "ann"}})
		}
		_, err := shop.logins.CreateAll(ctx, docs)
		require.NoError(t, err)
		err = shop.users.Delete(ctx, "ann")
		require.ErrorIs(t, err, core.ErrConstraint)
		err = shop.db.Tx(ctx, func(tx *core.Tx) error { return shop.users.In(tx).Delete(ctx, "ann") })
		require.ErrorIs(t, err, core.ErrConstraint)
		var refused *core.ReferenceError
		require.ErrorAs(t, err, &refused)
		require.NotEmpty(t, refused.IDs)
	})
}

func TestErrorsOfTransactionsForOneDocumentNameIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		plan := faults.New(faults.Options{})
		s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
		shop := openShop(t, s.open(t))
		notes := collection[note](t, s.open(t), "notes")
		_ = notes
		shop.fill(t)
		db, err := core.Open(ctx, faults.Store(s.store, plan), core.Options{
			Settings: core.Settings{SkipProbe: true, Attempts: 1, ConflictAttempts: 2}, Components: core.Components{Index: s.index},
		})
		require.NoError(t, err)
		defer func() { _ = db.Close() }()
		users := collection[plain](t, db, "users")
		n := 0
		plan.On(faults.Match{Method: faults.Put, Key: "users/ann.json", Times: faults.Always}).Before(func(ctx context.Context, _ faults.Call) error {
			n++
			_, err := shop.users.Put(ctx, "ann", plain{N: n})
			return err
		})
		err = users.Delete(ctx, "ann")
		var e *core.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []any{"delete", "users", "ann", core.ErrConflict}, []any{e.Op, e.Collection, e.ID, e.Kind})

		plan.Heal()
		mine := collection[note](t, db, "notes")
		plan.On(faults.Match{Method: faults.Put, Key: "notes/1.json", Times: faults.Always}).Before(func(ctx context.Context, _ faults.Call) error {
			n++
			_, err := notes.Put(ctx, "1", note{Text: fmt.Sprint(n)})
			return err
		})
		_, err = mine.Put(ctx, "1", note{User: "bob"})
		require.ErrorAs(t, err, &e)
		require.Equal(t, []any{"put", "notes", "1", core.ErrConflict}, []any{e.Op, e.Collection, e.ID, e.Kind})
		plan.Heal()
		err = db.Tx(ctx, func(tx *core.Tx) error { return users.Delete(tx.Context(), "bob") })
		require.ErrorAs(t, err, &e)
		require.Equal(t, []any{"users", "bob", core.ErrInvalid}, []any{e.Collection, e.ID, e.Kind})
	})
}

func TestAParentThatCantBeReadIsDeleted(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, shop := t.Context(), openShop(t, s.open(t))
		shop.fill(t)
		s.put(t, "users/ann.json", `{"n":`)
		add(t, shop.logins, "one", login{User: "ann"})
		require.ErrorIs(t, shop.users.Delete(ctx, "ann"), core.ErrConstraint)
		require.NoError(t, shop.logins.Delete(ctx, "one"))
		require.NoError(t, shop.users.Delete(ctx, "ann"))
		require.Equal(t, []string{"bob"}, all(t, shop.users))
		require.Len(t, all(t, shop.items), 4)

		bob, err := shop.users.Get(ctx, "bob")
		require.NoError(t, err)
		s.put(t, "users/bob.json", `{"n":`)
		require.ErrorIs(t, shop.users.Delete(ctx, "bob", core.IfRevision(bob.Revision)), core.ErrConflict)
		require.Len(t, all(t, shop.items), 4, "what refers to it stays, too")
	})
}

func TestAFolderThatCantBeReadIsDeletedWithWhatIsInIt(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		folders := collection[folder](t, s.open(t), "folders")
		ready(t, s, folders)
		add(t, folders, "a", folder{})
		add(t, folders, "b", folder{Parent: "a"})
		add(t, folders, "c", folder{Parent: "b"})
		s.put(t, "folders/b.json", `{"parent":"a`)
		require.NoError(t, folders.Delete(t.Context(), "b"))
		require.Equal(t, []string{"a"}, all(t, folders))
	})
}

func TestAParentThatCantBeReadIsDeletedStepByStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
		shop := openShop(t, s.open(t))
		ready(t, s, shop.orders)
		clerk(t, shop, 250, 20)
		s.put(t, "users/ann.json", `nonsense`)
		require.NoError(t, shop.users.Delete(t.Context(), "ann"))
		require.Empty(t, all(t, shop.users))
		require.Empty(t, all(t, shop.orders))
		require.Empty(t, all(t, shop.items))
		noJobs(t, s)
	})
}

func TestAReferenceThatMustExistToWhatCantBeReadIsRefused(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		db := s.open(t)
		users, notes := collection[plain](t, db, "users"), collection[note](t, db, "notes")
		add(t, users, "ann", plain{})
		s.put(t, "users/ann.json", `{"n":`)
		_, err := notes.Create(t.Context(), "1", note{User: "ann"})
		require.ErrorIs(t, err, core.ErrCorrupt)
		require.ErrorContains(t, err, `"ann" of "users"`)
	})
}

func TestACircleIsNotDeclaredFromBothSidesAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		plan := faults.New(faults.Options{})
		store := memory.NewStore(memory.StoreOptions{})
		a := (&site{store: store}).open(t)
		b, err := core.Open(t.Context(), faults.Store(store, plan), core.Options{Settings: core.Settings{SkipProbe: true}})
		require.NoError(t, err)
		defer func() { _ = b.Close() }()
		cascade := func(db *core.DB, child, parent string) error {
			_, err := core.NewCollection[json.RawMessage](t.Context(), db, child, core.Reference("up", parent).OnDelete(core.Cascade))
			return err
		}
		var first error
		rule := plan.On(faults.Match{Method: faults.Put, Key: "_sb/index/orders.json"}).Before(func(context.Context, faults.Call) error {
			first = cascade(a, "orders", "users")
			return nil
		})
		second := cascade(b, "users", "orders")
		require.Positive(t, rule.Hits())
		require.True(t, first != nil || second != nil)
		tree, err := a.References(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(tree), 1, "%v", tree)
	})
}

func TestACascadeOverTwoLevelsNearTheLimit(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, shop := t.Context(), openShop(t, s.open(t))
		add(t, shop.users, "ann", plain{})
		for i := range 60 {
			add(t, shop.orders, fmt.Sprint(i), order{User: "ann"})
		}
		for i := range 35 {
			add(t, shop.items, fmt.Sprint(i), part{Order: fmt.Sprint(i)})
		}
		require.NoError(t, shop.db.Tx(ctx, func(tx *core.Tx) error { return shop.users.In(tx).Delete(ctx, "ann") }))
		require.Empty(t, all(t, shop.items))
	})
}

func TestReferencesToIDsWithOddCharacters(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, shop := t.Context(), openShop(t, s.open(t))
		for _, id := range []string{`a<b>&"é`, "x\u2028y", "a/b", "😀", `back\slash`, "~", "con.json", "per%cent", "a'b", "\u007f", "null"} {
			add(t, shop.users, id, plain{})
			add(t, shop.orders, id, order{User: id})
			add(t, shop.items, id, part{Order: id})
			add(t, shop.groups, id, group{Members: []string{"q", id}, Owner: &id})
			require.NoError(t, shop.users.Delete(ctx, id), id)
			require.Empty(t, all(t, shop.users))
			require.Empty(t, all(t, shop.orders))
			require.Empty(t, all(t, shop.items))
			g, err := shop.groups.Get(ctx, id)
			require.NoError(t, err)
			require.Equal(t, group{Members: []string{"q"}}, g.Value)
		}
	})
}

func TestACascadeWithoutTheIndexNamesTheCollection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := &site{store: memory.NewStore(memory.StoreOptions{}), index: memory.NewIndex(memory.IndexOptions{})}
		shop := openShop(t, s.open(t))
		shop.fill(t)
		db := s.open(t, withoutIndex)
		err := db.Delete(ctx, "users/ann")
		var e *core.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, []any{"delete", "users", "ann"}, []any{e.Op, e.Collection, e.ID})
		require.Regexp(t, `to collection "(orders|items)"`, err.Error())
	})
}

func TestAParentAndItsChildrenInOneTransaction(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx, db := t.Context(), s.open(t)
		users, notes := collection[plain](t, db, "users"), collection[note](t, db, "notes")
		add(t, users, "ann", plain{})
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			if _, err := notes.In(tx).Create(ctx, "1", note{User: "ann"}); err != nil {
				return err
			}
			if _, err := notes.In(tx).Create(ctx, "2", note{Also: []string{"ann"}, Reply: "1"}); err != nil {
				return err
			}
			if err := users.In(tx).Delete(ctx, "ann"); err != nil {
				return err
			}
			if _, err := notes.In(tx).Create(ctx, "3", note{User: "ann"}); !errors.Is(err, core.ErrConstraint) {
				return fmt.Errorf("no: %w", err)
			}
			return nil
		}))
		require.Equal(t, []string{"2"}, all(t, notes))
		n, err := notes.Get(ctx, "2")
		require.NoError(t, err)
		require.Empty(t, n.Value.Reply)
		require.Empty(t, n.Value.Also)
		// delete children first, then parent, all at once
		add(t, users, "bob", plain{})
		add(t, notes, "9", note{User: "bob"})
		_, err = users.DeleteAll(ctx, []string{"bob", "bob", "ann"})
		require.NoError(t, err)
		require.Equal(t, []string{"2"}, all(t, notes))
	})
}

// A process that pauses while it drops a constraint must not take away the claims
// of one that is declared again meanwhile.
func TestADropThatPausesLeavesTheClaimsOfTheNextConstraint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type mailbox struct {
			Mail string `json:"mail" sb:"unique"`
		}
		ctx, plan := t.Context(), faults.New(faults.Options{})
		s := &site{store: memory.NewStore(memory.StoreOptions{})}
		old := collection[mailbox](t, s.open(t), "boxes")
		require.NoError(t, old.WaitReady(ctx))
		add(t, old, "a", mailbox{"x"})
		db, err := core.Open(ctx, faults.Store(s.store, plan), core.Options{Settings: core.Settings{SkipProbe: true, Attempts: 1}})
		require.NoError(t, err)
		defer func() { _ = db.Close() }()
		var again *core.Collection[mailbox]
		plan.On(faults.Match{Method: faults.Delete, KeyPrefix: "_sb/unique/"}).Before(func(context.Context, faults.Call) error {
			again = collection[mailbox](t, s.open(t), "boxes")
			require.NoError(t, again.WaitReady(ctx))
			later(t, 5*time.Second)
			return nil
		})
		_ = collection[json.RawMessage](t, db, "boxes").DropUnique(ctx, "mail") // it may fail
		require.NotNil(t, again)
		_, err = again.Create(ctx, "b", mailbox{"x"})
		require.ErrorIs(t, err, core.ErrConstraint)
	})
}
