// The ten-line program of the README, grown by the checks.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/smarterbase/smarterbase/simple"
)

// User is a document.
type User struct {
	ID   string `json:"id" sb:"id"`
	Name string `json:"name"`
	Age  int    `json:"age" sb:"index"`
}

func main() {
	if err := run(context.Background(), os.Args[1]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, folder string) error {
	db, err := simple.Open(ctx, simple.FileURL(folder))
	if err != nil {
		return err
	}
	defer db.Close()
	users, err := simple.NewCollection[User](ctx, db)
	if err != nil {
		return err
	}
	for name, age := range map[string]int{"Ada": 36, "Linus": 12} {
		if _, err := users.Create(ctx, User{Name: name, Age: age}); err != nil {
			return err
		}
	}
	adults, err := users.Find(ctx, simple.Gte("age", 21))
	if err != nil {
		return err
	}
	if len(adults) != 1 || adults[0].Name != "Ada" || adults[0].ID == "" {
		return fmt.Errorf("found %+v", adults)
	}
	fmt.Printf("%s is %d\n", adults[0].Name, adults[0].Age)
	return nil
}
