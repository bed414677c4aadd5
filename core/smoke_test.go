package core_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

type user struct {
	ID   string   `json:"id" sb:"id"`
	Name string   `json:"name" sb:"index"`
	Age  int      `json:"age" sb:"index"`
	Tags []string `json:"tags" sb:"index"`
}

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	store := memory.NewStore(memory.StoreOptions{})
	idx := memory.NewIndex(memory.IndexOptions{})
	db, err := core.Open(ctx, store, core.Options{Components: core.Components{Index: idx}})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	users, err := core.NewCollection[user](ctx, db, "users")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := users.Create(ctx, fmt.Sprint(i), user{Name: fmt.Sprint("n", i%10), Age: i, Tags: []string{"a", fmt.Sprint(i % 3)}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		for _, q := range []core.Query[user]{
			users.Query().Where(core.Eq("name", "n3")),
			users.Query().Where(core.Gt("age", 10), core.Lte("age", 20)).OrderBy("age", core.Desc).Limit(3),
			users.Query().Where(core.Eq("tags", "a"), core.Eq("tags", "2")).Limit(4),
			users.Query().Where(core.In("age", 1, 5, 99)),
		} {
			var p core.Profile
			docs, err := q.Profile(&p).All(ctx)
			fmt.Println(len(docs), err, p)
		}
		if err := users.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
	}
	d, err := users.Update(ctx, "5", func(u *user) error { u.Age = 1000; return nil })
	fmt.Println(d, err)
	_, err = users.Create(ctx, "5", user{})
	fmt.Println(err)
	fmt.Println(users.Delete(ctx, "5"))
	_, err = users.Get(ctx, "5")
	fmt.Println(err)
	d, err = users.Create(ctx, "5", user{Age: 7})
	fmt.Println(d.Value, d.Revision, err)
	fmt.Println(users.Count(ctx))
}
