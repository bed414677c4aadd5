package core_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

// User is a document of the examples.
type User struct {
	ID    string   `json:"id" sb:"id"`
	Name  string   `json:"name"`
	Email string   `json:"email,omitempty" sb:"index"`
	Age   int      `json:"age"`
	Tags  []string `json:"tags,omitempty"`
}

// openUsers opens a collection in memory, with three users.
func openUsers(definitions ...core.Definition) (users *core.Collection[User], done func()) {
	ctx := context.Background()
	db, err := core.Open(ctx, memory.NewStore(memory.StoreOptions{}), core.Options{
		Components: core.Components{Index: memory.NewIndex(memory.IndexOptions{})},
	})
	if err != nil {
		panic(err)
	}
	if users, err = core.NewCollection[User](ctx, db, "users", definitions...); err != nil {
		panic(err)
	}
	for _, user := range []User{
		{ID: "ann", Name: "Ann", Email: "ann@example.org", Age: 31, Tags: []string{"admin", "go"}},
		{ID: "bob", Name: "Bob", Email: "bob@example.com", Age: 25},
		{ID: "cy", Name: "Cy", Email: "cy@example.org", Age: 47, Tags: []string{"go"}},
	} {
		if _, err := users.Create(ctx, "", user); err != nil {
			panic(err)
		}
	}
	if err := users.WaitReady(ctx); err != nil {
		panic(err)
	}
	return users, func() { _ = db.Close() }
}

func ExampleCollection() {
	users, done := openUsers()
	defer done()
	ctx := context.Background()

	created, err := users.Create(ctx, "", User{Name: "Dan"}) // a new id is made
	fmt.Println(created.Value.Name, len(created.ID), err)

	dan, err := users.Get(ctx, created.ID)
	fmt.Println(dan.Value.Name, dan.Revision.Compare(created.Revision), err)

	_, err = users.Create(ctx, "ann", User{Name: "Another"})
	fmt.Println(errors.Is(err, core.ErrExists))

	fmt.Println(users.Delete(ctx, "ann"))
	_, err = users.Get(ctx, "ann")
	fmt.Println(errors.Is(err, core.ErrNotFound))
	// Output:
	// Dan 36 <nil>
	// Dan 0 <nil>
	// true
	// <nil>
	// true
}

func ExampleCollection_Update() {
	users, done := openUsers()
	defer done()

	// The function may run again if another writer came first.
	ann, err := users.Update(context.Background(), "ann", func(user *User) error {
		user.Age++
		return nil
	})
	fmt.Println(ann.Value.Age, err)
	// Output: 32 <nil>
}

func ExampleCollection_Patch() {
	users, done := openUsers()
	defer done()

	ann, err := users.Patch(context.Background(), "ann", `{"name": "Anna", "tags": null}`)
	fmt.Println(ann.Value.Name, ann.Value.Age, len(ann.Value.Tags), err)
	// Output: Anna 31 0 <nil>
}

func ExampleIfRevision() {
	users, done := openUsers()
	defer done()
	ctx := context.Background()

	ann, _ := users.Get(ctx, "ann")
	_, err := users.Patch(ctx, "ann", `{"age": 40}`) // somebody else
	fmt.Println(err)

	ann.Value.Age = 32
	_, err = users.Put(ctx, "ann", ann.Value, core.IfRevision(ann.Revision))
	fmt.Println(errors.Is(err, core.ErrConflict))
	// Output:
	// <nil>
	// true
}

func ExampleDB_Put() {
	ctx := context.Background()
	store := memory.NewStore(memory.StoreOptions{})
	db, err := core.Open(ctx, store, core.Options{})
	if err != nil {
		panic(err)
	}
	defer func() { _ = db.Close() }()

	type Config struct {
		Theme string `json:"theme"`
	}
	_, err = db.Put(ctx, "configs/app", Config{Theme: "dark"}) // configs/app.json
	fmt.Println(err)

	var config Config
	_, err = db.Update(ctx, "configs/app", &config, func() error {
		config.Theme = "light"
		return nil
	})
	fmt.Println(config.Theme, err)
	// Output:
	// <nil>
	// light <nil>
}
