package simple

import (
	"reflect"
	"strings"
	"testing"
)

func TestNamesOfCollections(t *testing.T) {
	t.Parallel()
	for identifier, want := range map[string]string{
		"User": "users", "Category": "categories", "Box": "boxes", "Person": "people", "OrderItem": "order_items",
		"Status": "statuses", "Day": "days", "Child": "children", "Key": "keys", "Toy": "toys", "Guy": "guys",
		"Query": "queries", "Soliloquy": "soliloquies", "Address": "addresses", "Class": "classes", "Bus": "buses", "Tax": "taxes",
		"Batch": "batches", "Dish": "dishes", "Quiz": "quizzes", "Waltz": "waltzes", "Analysis": "analyses",
		"Hero": "heroes", "Photo": "photos", "Video": "videos", "Leaf": "leaves", "Roof": "roofs", "Chief": "chiefs", "Knife": "knives",
		"Woman": "women", "Human": "humans", "Matrix": "matrices", "Index": "indexes", "Criterion": "criteria",
		"Epoch": "epochs", "Alias": "aliases", "Lens": "lenses", "Datum": "data", "Data": "data", "News": "news",
		"Series": "series", "Settings": "settings", "Users": "users", "People": "people", "Children": "children", "Sheep": "sheep",
		"OrderStatus": "order_statuses", "SalesPerson": "sales_people", "UserData": "user_data",
		"HTTPServer": "http_servers", "UserID": "user_ids", "APIKey": "api_keys", "OAuth2Token": "o_auth2_tokens", "URL": "urls",
		"user": "users", "order_item": "order_items", "Order_Item": "order_items", "V2": "v2s", "X": "xes", "Élève": "élèves",
	} {
		words := split(identifier)
		words[len(words)-1] = plural(words[len(words)-1])
		if got := strings.Join(words, "_"); got != want {
			t.Errorf("%s: %s, want %s", identifier, got, want)
		}
	}
}

// OrderItem is a type whose name is looked at.
type OrderItem struct{}

func TestAnExplicitNameWins(t *testing.T) {
	t.Parallel()
	item := reflect.TypeFor[OrderItem]()
	if got, err := collectionName(item, nil); err != nil || got != "order_items" {
		t.Errorf("name %s, err %v", got, err)
	}
	if got, err := collectionName(item, []string{"Lines/of orders"}); err != nil || got != "Lines/of orders" {
		t.Errorf("name %s, err %v", got, err)
	}
}

func TestPluralsAreStable(t *testing.T) {
	t.Parallel()
	for singular, p := range irregular {
		if got := plural(p); got != p {
			t.Errorf("the plural of %s is %s, and of that %s", singular, p, got)
		}
	}
	for _, word := range uncountable {
		if got := plural(word); got != word {
			t.Errorf("the plural of %s is %s", word, got)
		}
	}
}
