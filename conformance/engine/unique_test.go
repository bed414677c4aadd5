package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// profile has three constraints.
type profile struct {
	ID     string   `json:"id" sb:"id"`
	Email  string   `json:"email" sb:"unique,normalize:email"`
	Phones []string `json:"phones,omitempty" sb:"unique,optional"`
	Tenant string   `json:"tenant,omitempty" sb:"unique,name:place,optional"`
	Slug   string   `json:"slug,omitempty" sb:"unique,name:place,normalize:lower"`
	N      int      `json:"n"`
}

func profiles(t *testing.T, db *core.DB) *core.Collection[profile] {
	t.Helper()
	return collection[profile](t, db, "profiles")
}

// taken checks that an error says which document has a value.
func taken(t *testing.T, err error, constraint, value, existing string) {
	t.Helper()
	require.ErrorIs(t, err, core.ErrConstraint)
	var e *core.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, core.ErrConstraint, e.Kind)
	var cause *core.UniqueError
	require.ErrorAs(t, err, &cause)
	require.Equal(t, constraint, cause.Constraint)
	require.Equal(t, existing, cause.Existing)
	require.Equal(t, value, string(cause.Value))
	for _, part := range append(cause.Fields, existing) {
		require.ErrorContains(t, err, part)
	}
}

func TestUniqueValues(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := profiles(t, s.open(t))
		_, err := c.Create(ctx, "ann", profile{Email: "Ann@example.com", Phones: []string{"1", "2"}, Tenant: "x", Slug: "Home"})
		require.NoError(t, err)

		_, err = c.Create(ctx, "bob", profile{Email: " ann@EXAMPLE.com"})
		taken(t, err, "email.email", `"ann@example.com"`, "ann")
		_, err = c.Create(ctx, "bob", profile{Email: "bob@example.com", Phones: []string{"3", "2"}})
		taken(t, err, "phones", `"2"`, "ann")
		_, err = c.Create(ctx, "bob", profile{Email: "bob@example.com", Tenant: "x", Slug: "hOME"})
		taken(t, err, "place", `["x","home"]`, "ann")
		_, err = c.Get(ctx, "bob")
		require.ErrorIs(t, err, core.ErrNotFound, "what was refused left nothing behind")

		bob, err := c.Create(ctx, "bob", profile{Email: "bob@example.com", Phones: []string{"3"}, Tenant: "y", Slug: "home"})
		require.NoError(t, err, "nor claims that block anybody")
		_, err = c.Create(ctx, "cyn", profile{Email: ""})
		require.NoError(t, err, "an empty string is a value where it is not optional")
		_, err = c.Create(ctx, "dan", profile{Email: " "})
		taken(t, err, "email.email", `""`, "cyn")

		_, err = c.Update(ctx, "bob", func(a *profile) error { a.Email = "ANN@example.com"; return nil })
		taken(t, err, "email.email", `"ann@example.com"`, "ann")
		_, err = c.Patch(ctx, "bob", `{"phones":["1"]}`)
		taken(t, err, "phones", `"1"`, "ann")
		_, err = c.Put(ctx, "bob", profile{Email: "ann@example.com"}, core.IfRevision(bob.Revision))
		taken(t, err, "email.email", `"ann@example.com"`, "ann")
		_, err = c.Update(ctx, "bob", func(a *profile) error { a.Email, a.N = "BOB@example.com", 1; return nil })
		require.NoError(t, err, "another spelling of the own value")

		_, err = c.Update(ctx, "ann", func(a *profile) error { a.Email = "anna@example.com"; return nil })
		require.NoError(t, err)
		_, err = c.Update(ctx, "bob", func(a *profile) error { a.Email = "ann@example.com"; return nil })
		require.NoError(t, err, "a value that was given up is free at once")
		require.NoError(t, c.Delete(ctx, "ann"))
		_, err = c.Create(ctx, "eve", profile{Email: "anna@example.com", Phones: []string{"1", "2"}, Tenant: "x", Slug: "home"})
		require.NoError(t, err, "and so are those of a deleted document")
		_, err = c.Create(ctx, "ann", profile{Email: "anna@example.com"})
		taken(t, err, "email.email", `"anna@example.com"`, "eve")
		_, err = c.Create(ctx, "ann", profile{Email: "ann2@example.com"})
		require.NoError(t, err)
		allIsUnique(t, c)
	})
}

// allIsUnique verifies the whole collection by reading it.
func allIsUnique[T any](t *testing.T, c *core.Collection[T]) core.UniqueReport {
	t.Helper()
	report, err := c.VerifyUnique(t.Context())
	require.NoError(t, err)
	require.Empty(t, report.Duplicates)
	require.Empty(t, report.Missing)
	require.Empty(t, report.Unusable)
	return report
}

// A constraint needs no index, and one that has lost everything changes nothing.
func TestUniqueValuesNeedNoIndex(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		m := newMeter(memory.StoreOptions{})
		c := profiles(t, m.open(t))
		_, err := c.Create(ctx, "ann", profile{Email: "a"})
		require.NoError(t, err)
		require.NoError(t, c.WaitReady(ctx))
		_, err = c.Query().Where(core.Eq("email", "a")).All(ctx)
		require.NoError(t, err)
		for _, method := range []faults.Method{faults.Identity, faults.Install, faults.Begin, faults.End, faults.Query, faults.Count} {
			require.Zero(t, m.plan.Calls(method), method)
		}

		// The first index of a collection that has constraints alone.
		indexed := collection[profile](t, m.open(t), "profiles", core.Index("n"))
		require.NoError(t, indexed.WaitReady(ctx))
		_, err = c.Create(ctx, "bob", profile{Email: "b", N: 7})
		require.NoError(t, err)
		var plan core.Profile
		found, err := indexed.Query().Where(core.Eq("n", 7)).Profile(&plan).IDs(ctx)
		require.NoError(t, err)
		require.Equal(t, []string{"bob"}, found)
		require.NotEmpty(t, plan.Index, "the index serves: %s", plan)

		m.index = faults.Index(memory.NewIndex(memory.IndexOptions{}), m.plan) // everything in it is lost
		again := collection[profile](t, m.open(t), "profiles", core.Index("n"))
		_, err = again.Create(ctx, "cyn", profile{Email: "B"})
		taken(t, err, "email.email", `"b"`, "bob")
		_, err = again.Create(ctx, "cyn", profile{Email: "c"})
		require.NoError(t, err)
		allIsUnique(t, again)
	})
}

// Programs that write by key, with other types, or without the index, honour
// constraints that they know nothing of.
func TestEveryWriterHonoursUniqueValues(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := profiles(t, s.open(t))
		_, err := c.Create(ctx, "ann", profile{Email: "a"})
		require.NoError(t, err)
		other := s.open(t, withoutIndex)
		_, err = other.Create(ctx, "profiles/bob", map[string]any{"email": "A"})
		taken(t, err, "email.email", `"a"`, "ann")
		_, err = other.Put(ctx, "profiles/bob", json.RawMessage(`{"email":"b","phones":["1"]}`))
		require.NoError(t, err)
		_, err = other.Patch(ctx, "profiles/ann", `{"phones":["1","2"]}`)
		taken(t, err, "phones", `"1"`, "bob")
		raw := collection[json.RawMessage](t, other, "profiles")
		_, err = raw.Put(ctx, "ann", json.RawMessage(`{"email":" B "}`))
		taken(t, err, "email.email", `"b"`, "bob")
		_, err = raw.Put(ctx, "ann", json.RawMessage(`{"email":{"x":1}}`))
		require.ErrorIs(t, err, core.ErrInvalid)
		require.ErrorContains(t, err, `"email"`)
		var into map[string]any
		_, err = other.Update(ctx, "profiles/ann", &into, func() error { into["email"] = "b"; return nil })
		taken(t, err, "email.email", `"b"`, "bob")
		require.NoError(t, other.Delete(ctx, "profiles/bob"))
		_, err = raw.Put(ctx, "ann", json.RawMessage(`{"email":"b","phones":["1"]}`))
		require.NoError(t, err)
		allIsUnique(t, c)
	})
}

func TestAWriterWithoutTheNormaliserIsRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := &site{store: memory.NewStore(memory.StoreOptions{})}
		digits := func(text string) string {
			return strings.Map(func(r rune) rune {
				if r < '0' || r > '9' {
					return -1
				}
				return r
			}, text)
		}
		type card struct {
			Phone string `json:"phone" sb:"unique,normalize:digits"`
		}
		c := collection[card](t, s.open(t), "cards", core.Normalizer("digits", digits))
		_, err := c.Create(ctx, "a", card{"030/12-3"})
		require.NoError(t, err)
		_, err = c.Create(ctx, "b", card{"(030) 123"})
		taken(t, err, "phone.digits", `"030123"`, "a")

		other := s.open(t)
		_, err = other.Put(ctx, "cards/b", map[string]any{"phone": "1"})
		require.ErrorIs(t, err, core.ErrUnsupported)
		require.ErrorContains(t, err, "digits")
		require.NoError(t, other.Delete(ctx, "cards/a"), "a delete adds no value")
		_, err = core.NewCollection[card](ctx, other, "cards")
		require.ErrorIs(t, err, core.ErrInvalid)
		require.ErrorContains(t, err, "digits")
		in := collection[plain](t, s.open(t), "cards", core.Unique("phone").NormalizeFunc("digits", digits))
		_, err = in.Patch(ctx, "a", `{}`)
		require.ErrorIs(t, err, core.ErrNotFound)
		_, err = c.Create(ctx, "b", card{"030123"})
		require.NoError(t, err)
	})
}

// A process that claims a value and dies blocks nobody, whatever its write was
// to be; and if its write comes all the same, it fails.
func TestAClaimOfADeadProcessBlocksNobody(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{"local": {}, "network": likeS3} {
		for _, what := range []string{"create", "create over a tombstone", "update", "foreign"} {
			t.Run(what+" on "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					ctx := t.Context()
					s := &site{store: memory.NewStore(options)}
					c := profiles(t, s.open(t))
					switch what {
					case "create over a tombstone":
						_, err := c.Create(ctx, "dead", profile{Email: "old"})
						require.NoError(t, err)
						require.NoError(t, c.Delete(ctx, "dead"))
					case "update":
						_, err := c.Create(ctx, "dead", profile{Email: "old"})
						require.NoError(t, err)
					case "foreign":
						s.put(t, "profiles/dead.json", `{"email":"old","x":[1.50]}`)
					}
					plan := faults.New(faults.Options{})
					dying := profiles(t, (&site{store: faults.Store(s.store, plan)}).open(t))
					lost := plan.On(faults.Match{Method: faults.Put, Key: "profiles/dead.json", Times: faults.Always})
					lost.ApplyLate()
					ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
					defer cancel()
					_, err := dying.Put(ctx, "dead", profile{Email: "new"})
					require.Error(t, err)

					_, err = c.Create(t.Context(), "live", profile{Email: "new"})
					require.NoError(t, err)
					for _, err := range plan.Apply(t.Context()) {
						require.ErrorIs(t, err, ports.ErrPrecondition, "its write came after all")
					}
					switch doc, err := c.Get(t.Context(), "dead"); what {
					case "update":
						require.NoError(t, err)
						require.Equal(t, "old", doc.Value.Email, "the content stayed")
					case "foreign":
						require.NoError(t, err)
						require.Contains(t, s.body(t, "profiles/dead.json"), `,"email":"old","x":[1.50]}`)
					default:
						require.ErrorIs(t, err, core.ErrNotFound)
					}
					_, err = c.Put(t.Context(), "dead", profile{Email: "new"})
					taken(t, err, "email.email", `"new"`, "live")
					_, err = c.Put(t.Context(), "dead", profile{Email: "newer"})
					require.NoError(t, err)
				})
			})
		}
	}
}

func TestAConstraintOnWhatIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		before := collection[plain](t, s.open(t), "things")
		for i := range 12 {
			_, err := before.Create(ctx, fmt.Sprint(i), plain{N: i % 10})
			require.NoError(t, err)
		}
		s.put(t, "things/foreign.json", `{"n":1e0}`)
		s.put(t, "things/object.json", `{"n":{}}`)
		s.put(t, "things/broken.json", `{"n":`)
		c := collection[plain](t, s.open(t), "things", core.Unique("n").Named("number"))
		err := c.WaitReady(ctx)
		require.ErrorIs(t, err, core.ErrConstraint)
		var found *core.DuplicateValuesError
		require.ErrorAs(t, err, &found)
		require.Len(t, found.Duplicates, 2)
		for _, d := range found.Duplicates {
			require.Equal(t, "number", d.Constraint)
			require.Equal(t, []string{"n"}, d.Fields)
			switch string(d.Value) {
			case "0":
				require.Equal(t, []string{"0", "10"}, d.IDs)
			case "1", "1e0":
				require.Equal(t, []string{"1", "11", "foreign"}, d.IDs)
			default:
				t.Errorf("a duplicate that is none: %s", d.Value)
			}
		}
		require.Len(t, found.Unusable, 2)

		_, err = c.Create(ctx, "new", plain{N: 5})
		require.ErrorIs(t, err, core.ErrConstraint, "what is there is protected all the same")
		_, err = c.Patch(ctx, "10", `{"x":1}`)
		require.NoError(t, err, "a document keeps what it has")
		report, err := c.VerifyUnique(ctx)
		require.NoError(t, err)
		require.Len(t, report.Duplicates, 2)
		require.Equal(t, 14, report.Documents)

		require.NoError(t, c.Delete(ctx, "10"))
		require.NoError(t, c.Delete(ctx, "11"))
		require.NoError(t, c.Delete(ctx, "object"))
		_, err = c.Patch(ctx, "foreign", `{"n":50}`)
		require.NoError(t, err)
		require.NoError(t, c.WaitReady(ctx))
		report, err = c.VerifyUnique(ctx)
		require.NoError(t, err)
		require.Empty(t, report.Duplicates)
		require.Empty(t, report.Missing)
		require.Equal(t, 11, report.Documents)
		require.Equal(t, 11, report.Values)
		for i := range 10 {
			_, err = c.Create(ctx, "new", plain{N: i})
			var cause *core.UniqueError
			require.ErrorAs(t, err, &cause, "%d", i)
			require.Equal(t, fmt.Sprint(i), cause.Existing)
		}
	})
}

// Writers that don't know of a new constraint yet are waited for.
func TestAConstraintIsReadyWhenEveryWriterKnowsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		s := &site{store: memory.NewStore(memory.StoreOptions{LateWrites: true})}
		old := collection[plain](t, s.open(t), "things")
		_, err := old.Create(ctx, "a", plain{1}) // its lease begins
		require.NoError(t, err)
		c := collection[plain](t, s.open(t), "things", core.Unique("n"))
		_, err = old.Create(ctx, "b", plain{2})
		require.NoError(t, err)
		_, err = c.Create(ctx, "c", plain{3})
		require.NoError(t, err)
		_, err = old.Create(ctx, "d", plain{3}) // it does not know, and nobody promised it
		require.NoError(t, err)
		later(t, 11*time.Second)
		_, err = old.Create(ctx, "e", plain{3})
		require.ErrorIs(t, err, core.ErrConstraint)
		var found *core.DuplicateValuesError
		require.ErrorAs(t, c.WaitReady(ctx), &found)
		require.Equal(t, []string{"c", "d"}, found.Duplicates[0].IDs)
		require.NoError(t, c.Delete(ctx, "d"))
		require.NoError(t, c.WaitReady(ctx))
		_, err = c.Create(ctx, "f", plain{2})
		taken(t, err, "n", "2", "b")
	})
}

func TestClaimsThatAreLostAreFoundAndMadeAgain(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]memory.StoreOptions{"local": {}, "network": likeS3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				s := &site{store: memory.NewStore(options)}
				c := profiles(t, s.open(t))
				for i := range 20 {
					_, err := c.Create(ctx, fmt.Sprint(i), profile{Email: fmt.Sprint(i), Phones: []string{fmt.Sprint(i), fmt.Sprint("x", i)}})
					require.NoError(t, err)
				}
				require.NoError(t, c.WaitReady(ctx))
				require.NoError(t, c.Delete(ctx, "0"))
				report := allIsUnique(t, c)
				require.Equal(t, 3, report.Dead)
				require.Equal(t, 60, report.Claims)
				require.Equal(t, 57, report.Values)
				lost := 0
				for info, err := range s.store.List(ctx, ports.ListOptions{Prefix: "_sb/unique/profiles/phones/"}) {
					require.NoError(t, err)
					if lost++; lost%2 == 0 {
						require.NoError(t, s.store.Delete(ctx, info.Key, ports.Any))
					}
				}
				report, err := c.VerifyUnique(ctx)
				require.NoError(t, err)
				missing := len(report.Missing)
				require.InDelta(t, 19, missing, 1)
				require.Equal(t, "phones", report.Missing[0].Constraint)
				report, err = c.RebuildUnique(ctx)
				require.NoError(t, err)
				require.Equal(t, missing, report.Repaired)
				require.Empty(t, report.Missing)
				allIsUnique(t, c)
			})
		})
	}
}

func TestADroppedConstraintIsGone(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		c := collection[plain](t, s.open(t), "things", core.Unique("n"), core.Unique("m").Optional())
		_, err := c.Create(ctx, "a", plain{1})
		require.NoError(t, err)
		_, err = core.NewCollection[plain](ctx, s.open(t), "things", core.Unique("n").Optional())
		require.ErrorIs(t, err, core.ErrInvalid, "another constraint under the name")
		require.ErrorContains(t, err, "another name")
		require.ErrorIs(t, c.DropUnique(ctx, "x"), core.ErrNotFound)
		require.NoError(t, c.DropUnique(ctx, "n"))
		_, err = c.Create(ctx, "b", plain{1})
		require.NoError(t, err)
		for info, err := range s.store.List(ctx, ports.ListOptions{Prefix: "_sb/unique/things/n/"}) {
			require.NoError(t, err)
			require.NotContains(t, s.body(t, info.Key), `"document"`)
		}
		require.ErrorIs(t, c.DropUnique(ctx, "n"), core.ErrNotFound)
		again := collection[plain](t, s.open(t), "things", core.Unique("n"))
		require.ErrorIs(t, again.WaitReady(ctx), core.ErrConstraint)
		require.NoError(t, c.Delete(ctx, "b"))
		require.NoError(t, again.WaitReady(ctx))
		_, err = c.Create(ctx, "c", plain{1})
		taken(t, err, "n", "1", "a")
	})
}

// A refusal is one of the document as it is: what came between is seen, and the
// change is worked out again.
func TestARefusalIsOfWhatIsThere(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db, other := s.open(t), profiles(t, s.open(t))
		c := profiles(t, db)
		hand := func() { // the value goes from one document to another, which no longer wants it
			_, err := other.Put(ctx, "d", profile{Email: "done"})
			require.NoError(t, err)
			_, err = other.Put(ctx, "e", profile{Email: "a"})
			require.NoError(t, err)
		}
		for name, change := range map[string]func(fn func(p *profile) error) error{
			"plain": func(fn func(p *profile) error) error { _, err := c.Update(ctx, "d", fn); return err },
			"alone": func(fn func(p *profile) error) error {
				return db.Tx(ctx, func(tx *core.Tx) error { _, err := c.In(tx).Update(ctx, "d", fn); return err })
			},
			"transaction": func(fn func(p *profile) error) error {
				return db.Tx(ctx, func(tx *core.Tx) error {
					_, err := c.In(tx).Update(ctx, "d", fn)
					if err == nil {
						_, err = c.In(tx).Put(ctx, "f", profile{Email: "f"})
					}
					return err
				})
			},
			"of what was only read": func(fn func(p *profile) error) error {
				return db.Tx(ctx, func(tx *core.Tx) error {
					d, err := c.In(tx).Get(ctx, "d")
					if err == nil {
						err = fn(&d.Value)
					}
					if err == nil && d.Value.Email == "a" {
						_, err = c.In(tx).Put(ctx, "f", profile{Email: "a"})
					}
					return err
				})
			},
		} {
			for _, id := range []string{"d", "e", "f"} {
				require.NoError(t, c.Delete(ctx, id))
			}
			_, err := c.Create(ctx, "d", profile{Email: "open"})
			require.NoError(t, err)
			handed := false
			require.NoError(t, change(func(p *profile) error {
				if p.Email == "open" {
					p.Email = "a"
					if !handed {
						handed = true
						hand()
					}
				}
				return nil
			}), name)
		}
	})
}

// Transactions give and take values.
func TestUniqueValuesInTransactions(t *testing.T) {
	onEach(t, func(t *testing.T, s *site) {
		ctx := t.Context()
		db := s.open(t)
		c := profiles(t, db)
		for _, id := range []string{"a", "b"} {
			_, err := c.Create(ctx, id, profile{Email: id})
			require.NoError(t, err)
		}
		set := func(tx *core.Tx, id, email string) error {
			_, err := c.In(tx).Put(ctx, id, profile{Email: email})
			return err
		}
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			return errors.Join(set(tx, "a", "b"), set(tx, "b", "a")) // they swap
		}))
		emails := func() (all []string) {
			docs, err := c.All(ctx)
			require.NoError(t, err)
			for _, doc := range docs {
				all = append(all, doc.ID+":"+doc.Value.Email)
			}
			slices.Sort(all)
			return all
		}
		require.Equal(t, []string{"a:b", "b:a"}, emails())
		err := db.Tx(ctx, func(tx *core.Tx) error {
			return errors.Join(set(tx, "c", "A"), set(tx, "d", "d"))
		})
		taken(t, err, "email.email", `"a"`, "b")
		err = db.Tx(ctx, func(tx *core.Tx) error {
			return errors.Join(set(tx, "c", "x"), set(tx, "d", "X"))
		})
		require.ErrorIs(t, err, core.ErrConstraint, "both want the same")
		require.Equal(t, []string{"a:b", "b:a"}, emails())
		require.NoError(t, db.Tx(ctx, func(tx *core.Tx) error {
			return errors.Join(c.In(tx).Delete(ctx, "a"), set(tx, "c", "b"), set(tx, "b", "x"), set(tx, "d", "a")) // all move on
		}))
		require.Equal(t, []string{"b:x", "c:b", "d:a"}, emails())
		_, err = c.Create(ctx, "e", profile{Email: "b"})
		taken(t, err, "email.email", `"b"`, "c")
		require.NoError(t, c.Delete(ctx, "c"))
		_, err = c.Create(ctx, "e", profile{Email: "b"})
		require.NoError(t, err)
		allIsUnique(t, c)
	})
}
