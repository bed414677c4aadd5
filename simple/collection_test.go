package simple_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

func TestCreateGivesAnIDAndLeavesItsInputAlone(t *testing.T) {
	t.Parallel()
	users := collect[User](t, open(t, "mem://"))
	input := User{Name: "Ada", Age: 36}
	stored := create(t, users, input)
	if stored.ID == "" || stored.Name != "Ada" || stored.Age != 36 {
		t.Errorf("stored %+v", stored)
	}
	if input.ID != "" {
		t.Errorf("the input has the id %q", input.ID)
	}
	got, err := users.Get(t.Context(), stored.ID)
	if err != nil || got != stored {
		t.Errorf("got %+v, err %v", got, err)
	}
	if _, err := users.Create(t.Context(), stored); !errors.Is(err, core.ErrExists) {
		t.Errorf("create again: err = %v", err)
	}
}

func TestPutStoresUnderTheID(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users := collect[User](t, open(t, "mem://"))
	for _, age := range []int{1, 2} {
		if stored, err := users.Put(ctx, User{ID: "a", Age: age}); err != nil || stored.Age != age {
			t.Errorf("stored %+v, err %v", stored, err)
		}
	}
	if _, err := users.Put(ctx, User{Age: 3}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("without an id: err = %v", err)
	}
	if all, err := users.All(ctx); err != nil || len(all) != 1 || all[0] != (User{ID: "a", Age: 2}) {
		t.Errorf("all %+v, err %v", all, err)
	}
}

func TestUpdateReturnsWhatItStored(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users := collect[User](t, open(t, "mem://"))
	create(t, users, User{ID: "a", Name: "Ada", Age: 1})
	stored, err := users.Update(ctx, "a", func(u *User) error { u.Age++; return nil })
	if err != nil || stored != (User{ID: "a", Name: "Ada", Age: 2}) {
		t.Errorf("stored %+v, err %v", stored, err)
	}
	own := errors.New("own")
	if _, err := users.Update(ctx, "a", func(*User) error { return own }); err != own { //nolint:errorlint // it must come back as it is
		t.Errorf("error of the function: %v", err)
	}
	if _, err := users.Update(ctx, "nobody", func(*User) error { return nil }); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("no document: err = %v", err)
	}
}

func TestUpdatesAtTheSameTimeLoseNothing(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := open(t, "mem://")
	create(t, collect[User](t, db), User{ID: "a"})
	var wg sync.WaitGroup
	for range 8 {
		users := collect[User](t, db)
		wg.Go(func() {
			for range 10 {
				if _, err := users.Update(ctx, "a", func(u *User) error { u.Age++; return nil }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got, err := collect[User](t, db).Get(ctx, "a"); err != nil || got.Age != 80 {
		t.Errorf("got %+v, err %v", got, err)
	}
}

func TestPatchReplacesMembers(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users := collect[User](t, open(t, "mem://"))
	create(t, users, User{ID: "a", Name: "Ada", Age: 1})
	for _, patch := range []any{`{"age":2}`, json.RawMessage(`{"age":2}`), []byte(`{"age":2}`), map[string]any{"age": 2}, struct {
		Age int `json:"age"`
	}{2}} {
		stored, err := users.Patch(ctx, "a", patch)
		if err != nil || stored != (User{ID: "a", Name: "Ada", Age: 2}) {
			t.Errorf("%T: stored %+v, err %v", patch, stored, err)
		}
	}
	if _, err := users.Patch(ctx, "nobody", `{}`); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("no document: err = %v", err)
	}
}

func TestDeleteAndExists(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	users := collect[User](t, open(t, "mem://"))
	create(t, users, User{ID: "a"})
	for _, want := range []bool{true, false} {
		if found, err := users.Exists(ctx, "a"); err != nil || found != want {
			t.Errorf("exists %t, err %v", found, err)
		}
		if err := users.Delete(ctx, "a"); err != nil {
			t.Error(err)
		}
	}
	if got, err := users.Get(ctx, "a"); !errors.Is(err, core.ErrNotFound) || got != (User{}) {
		t.Errorf("got %+v, err %v", got, err)
	}
}

func TestCollectionsOfOneNameShareDocumentsAndIndexes(t *testing.T) {
	t.Parallel()
	type Person struct {
		ID   string `json:"id" sb:"id"`
		Name string `json:"name" sb:"index"`
	}
	ctx := t.Context()
	db := open(t, "mem://")
	one, two, people := collect[User](t, db), collect[User](t, db), collect[Person](t, db, "users")
	create(t, one, User{ID: "a", Name: "Ada", Age: 36})
	if err := two.Core().WaitReady(ctx); err != nil {
		t.Fatal(err)
	}
	if found, err := two.Find(ctx, simple.Eq("age", 36)); err != nil || len(found) != 1 {
		t.Errorf("same type: found %v, err %v", found, err)
	}
	var p core.Profile
	found, err := people.Query().Where(simple.Eq("name", "Ada")).Profile(&p).All(ctx)
	if err != nil || len(found) != 1 || p.Index != "by_name" {
		t.Errorf("other type: found %v by %s, err %v", found, p.Plan(), err)
	}
	// What the other type does not know stays.
	if _, err := people.Put(ctx, Person{ID: "a", Name: "Ada L."}); err != nil {
		t.Fatal(err)
	}
	if got, err := one.Get(ctx, "a"); err != nil || got.Age != 36 || got.Name != "Ada L." {
		t.Errorf("got %+v, err %v", got, err)
	}
}

func TestTagsOfCoreWork(t *testing.T) {
	t.Parallel()
	type Note struct {
		ID      string    `json:"id" sb:"id"`
		Created time.Time `json:"created" sb:"created"`
		Updated time.Time `json:"updated" sb:"updated"`
		Text    string    `json:"text"`
	}
	notes := collect[Note](t, open(t, "mem://"))
	first := create(t, notes, Note{Text: "a"})
	second, err := notes.Update(t.Context(), first.ID, func(n *Note) error { n.Text = "b"; return nil })
	if err != nil || first.Created.IsZero() || !second.Created.Equal(first.Created) || second.Updated.Before(first.Updated) {
		t.Errorf("first %+v, second %+v, err %v", first, second, err)
	}
}

func TestNewCollectionRefuses(t *testing.T) {
	t.Parallel()
	type NoID struct {
		Name string `json:"name"`
	}
	type OtherName struct {
		ID string `json:"key"`
	}
	type NumberID struct {
		ID int `json:"id"`
	}
	type BadTag struct {
		ID   string `json:"id" sb:"id"`
		Name string `json:"name" sb:"indexed"`
	}
	type Reserved struct {
		ID  string `json:"id" sb:"id"`
		Rev string `json:"_rev"`
	}
	ctx := t.Context()
	db := open(t, "mem://")
	try := func(_ any, err error) error { return err }
	for name, c := range map[string]struct {
		err  error
		text string
	}{
		"no id":           {try(simple.NewCollection[NoID](ctx, db)), "simple_test.NoID has no id"},
		"another name":    {try(simple.NewCollection[OtherName](ctx, db)), "simple_test.OtherName has no id"},
		"a number":        {try(simple.NewCollection[NumberID](ctx, db)), "simple_test.NumberID has no id"},
		"a bad tag":       {try(simple.NewCollection[BadTag](ctx, db)), "BadTag.Name"},
		"a reserved name": {try(simple.NewCollection[Reserved](ctx, db)), "_rev"},
		"a map":           {try(simple.NewCollection[map[string]any](ctx, db, "maps")), "map[string]interface {} has no id field"},
		"a pointer":       {try(simple.NewCollection[*User](ctx, db, "users")), "*simple_test.User has no id field"},
		"no name":         {try(simple.NewCollection[struct{ ID string }](ctx, db)), "gives no name"},
		"a generic type":  {try(simple.NewCollection[Envelope[int]](ctx, db)), "gives no name"},
		"an empty name":   {try(simple.NewCollection[User](ctx, db, "")), "the name is empty"},
		"a system name":   {try(simple.NewCollection[User](ctx, db, "_sb")), "underscore"},
		"two names":       {try(simple.NewCollection[User](ctx, db, "a", "b")), "one name"},
		"no database":     {try(simple.NewCollection[User](ctx, nil)), "nil"},
	} {
		if !errors.Is(c.err, core.ErrInvalid) || !strings.Contains(c.err.Error(), c.text) {
			t.Errorf("%s: err = %v, want it to say %s", name, c.err, c.text)
		}
	}
}

// Envelope is generic: its instances must not share a collection by accident.
type Envelope[T any] struct {
	ID   string `json:"id" sb:"id"`
	Body T      `json:"body"`
}

func TestAGenericTypeTakesAName(t *testing.T) {
	t.Parallel()
	db := open(t, "mem://")
	numbers := collect[Envelope[int]](t, db, "numbers/ints")
	if got := create(t, numbers, Envelope[int]{ID: "a", Body: 7}); got.Body != 7 || numbers.Name() != "numbers/ints" {
		t.Errorf("stored %+v in %s", got, numbers.Name())
	}
}

func TestIDByConvention(t *testing.T) {
	t.Parallel()
	type Base struct {
		ID string `json:"id,omitempty"`
	}
	type Account struct {
		Base
		Owner string `json:"owner" sb:"index"`
	}
	ctx := t.Context()
	db := open(t, "mem://")
	accounts := collect[Account](t, db)
	stored := create(t, accounts, Account{Owner: "ada"})
	if stored.ID == "" {
		t.Fatal("no id was given")
	}
	// The member is in the stored text, too.
	var text map[string]string
	if _, err := db.Core().Get(ctx, "accounts/"+stored.ID, &text); err != nil || text["id"] != stored.ID {
		t.Errorf("text %v, err %v", text, err)
	}
	if _, err := accounts.Put(ctx, Account{Base{"x"}, "bob"}); err != nil {
		t.Fatal(err)
	}
	if _, err := accounts.Put(ctx, Account{Owner: "bob"}); !errors.Is(err, core.ErrInvalid) {
		t.Errorf("put without an id: err = %v", err)
	}
	if got, err := accounts.FindOne(ctx, simple.Eq("owner", "bob")); err != nil || got.ID != "x" {
		t.Errorf("got %+v, err %v", got, err)
	}
	for name, change := range map[string]func() (Account, error){
		"update": func() (Account, error) {
			return accounts.Update(ctx, "x", func(a *Account) error { a.ID = "y"; return nil })
		},
		"patch":      func() (Account, error) { return accounts.Patch(ctx, "x", `{"id":"y"}`) },
		"patch text": func() (Account, error) { return accounts.Patch(ctx, "x", []byte(`{"id":null}`)) },
		"patch map":  func() (Account, error) { return accounts.Patch(ctx, "x", map[string]any{"id": 7}) },
	} {
		if _, err := change(); !errors.Is(err, core.ErrInvalid) {
			t.Errorf("%s: err = %v", name, err)
		}
	}
	if got, err := accounts.Patch(ctx, "x", Account{Base{"x"}, "eve"}); err != nil || got.Owner != "eve" || got.ID != "x" {
		t.Errorf("patch with the same id: %+v, err %v", got, err)
	}
	if got, err := accounts.Update(ctx, "x", func(a *Account) error { *a = Account{Owner: "zoe"}; return nil }); err != nil || got.ID != "x" {
		t.Errorf("update that forgets the id: %+v, err %v", got, err)
	}
	// A document that was put there by other means has no such member.
	if _, err := db.Core().Put(ctx, "accounts/bare", map[string]string{"owner": "raw"}); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := accounts.Each(ctx, func(a Account) error {
		if seen++; a.ID != "bare" {
			return fmt.Errorf("found %+v", a)
		}
		return nil
	}, simple.Eq("owner", "raw"))
	if err != nil || seen != 1 {
		t.Errorf("seen %d, err %v", seen, err)
	}
}
