package core_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/core"
)

func ExampleQuery() {
	users, done := openUsers(core.Index("age"))
	defer done()

	found, err := users.Query().
		Where(core.Gte("age", 30), core.Eq("tags", "go")).
		OrderBy("age", core.Desc).
		Limit(10).
		All(context.Background())
	for _, user := range found {
		fmt.Println(user.ID, user.Value.Age)
	}
	fmt.Println(err)
	// Output:
	// cy 47
	// ann 31
	// <nil>
}

func ExampleQuery_Iter() {
	users, done := openUsers()
	defer done()

	for user, err := range users.Query().OrderBy("name", core.Asc).Iter(context.Background()) {
		if err != nil {
			fmt.Println("one document can't be read:", err) // the loop goes on
			continue
		}
		fmt.Println(user.Value.Name)
	}
	// Output:
	// Ann
	// Bob
	// Cy
}

func ExampleQuery_Filter() {
	users, done := openUsers()
	defer done()

	n, err := users.Query().
		Where(core.Prefix("email", "a")).
		Filter(func(user User) bool { return len(user.Tags) == 2 }).
		Count(context.Background())
	fmt.Println(n, err)
	// Output: 1 <nil>
}

func ExampleQuery_Explain() {
	users, done := openUsers()
	defer done()
	ctx := context.Background()

	byEmail, _ := users.Query().Where(core.Eq("email", "bob@example.com")).Explain(ctx)
	fmt.Println(byEmail.Plan(), byEmail.Candidates, byEmail.Read, byEmail.IndexTrips)

	byName, _ := users.Query().Where(core.Eq("name", "Bob")).Explain(ctx)
	fmt.Println(byName.Plan(), byName.Candidates, byName.Read)
	// Output:
	// index by_email 1 1 1
	// scan: no index serves the query 3 3
}

func ExampleIndexFunc() {
	domain := core.IndexFunc("domain", func(user User) []any {
		_, domain, _ := strings.Cut(user.Email, "@")
		return []any{strings.ToLower(domain)}
	})
	users, done := openUsers(domain)
	defer done()

	var profile core.Profile
	ids, err := users.Query().Where(core.Eq("domain()", "example.org")).OrderBy("name", core.Asc).Profile(&profile).IDs(context.Background())
	fmt.Println(ids, profile.Index, err)
	// Output: [ann cy] domain <nil>
}

func ExampleIndex() {
	users, done := openUsers(core.Index("tags", "-age").Named("tag_age"))
	defer done()

	var profile core.Profile
	ids, err := users.Query().Where(core.Eq("tags", "go"), core.Gt("age", 40)).Profile(&profile).IDs(context.Background())
	fmt.Println(ids, profile.Index, profile.Candidates, err)
	// Output: [cy] tag_age 1 <nil>
}
