package simple

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// collectionName is the explicit name, or else the plural of the type's name
// in snake_case.
func collectionName(t reflect.Type, explicit []string) (string, error) {
	switch {
	case len(explicit) > 1:
		return "", fmt.Errorf("a collection has one name, not %d", len(explicit))
	case len(explicit) == 1:
		return explicit[0], nil
	case t.Name() == "" || strings.Contains(t.Name(), "["):
		// Instances of one generic type would share a name.
		return "", fmt.Errorf("type %v gives no name to its collection; pass one", t)
	}
	words := split(t.Name())
	last := len(words) - 1
	words[last] = plural(words[last])
	return strings.Join(words, "_"), nil
}

// split cuts an identifier into words in lower case: "HTTPServer" into "http"
// and "server". Digits stay with what they follow.
func split(identifier string) []string {
	var words []string
	runes := []rune(identifier)
	start := 0
	cut := func(at int) {
		if word := strings.ToLower(strings.Trim(string(runes[start:at]), "_")); word != "" {
			words = append(words, word)
		}
		start = at
	}
	for i := 1; i < len(runes); i++ {
		before, here := runes[i-1], runes[i]
		followed := i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if here == '_' || unicode.IsUpper(here) && (!unicode.IsUpper(before) || followed) {
			cut(i)
		}
	}
	cut(len(runes))
	if len(words) == 0 {
		return []string{strings.ToLower(identifier)}
	}
	return words
}
