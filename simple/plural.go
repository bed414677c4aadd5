package simple

import (
	"slices"
	"strings"
)

// Names of collections are where the data is: a word in these tables, or a
// rule below, must never change its plural once it was released.

// irregular words, in the singular.
var irregular = map[string]string{
	"person": "people", "child": "children", "man": "men", "woman": "women", "ox": "oxen",
	"mouse": "mice", "goose": "geese", "foot": "feet", "tooth": "teeth",
	"half": "halves", "calf": "calves", "leaf": "leaves", "loaf": "loaves", "shelf": "shelves", "self": "selves",
	"wolf": "wolves", "thief": "thieves", "life": "lives", "knife": "knives", "wife": "wives",
	"hero": "heroes", "potato": "potatoes", "tomato": "tomatoes", "echo": "echoes", "veto": "vetoes", "embargo": "embargoes",
	"quiz": "quizzes", "gas": "gases", "lens": "lenses", "alias": "aliases", "atlas": "atlases", "bias": "biases", "canvas": "canvases",
	"matrix": "matrices", "vertex": "vertices", "criterion": "criteria", "phenomenon": "phenomena", "datum": "data", "medium": "media",
	"epoch": "epochs", "stomach": "stomachs", "monarch": "monarchs", "tech": "techs",
}

// uncountable words have no other form, or are plurals already without
// looking it.
var uncountable = strings.Fields(`
	audio cattle content data deer equipment feedback fish furniture hardware information inventory
	knowledge luggage media metadata money news people children police progress
	research series sheep software species staff traffic weather`)

// known reports whether the word is in a table as it should be.
func known(word string) bool {
	if slices.Contains(uncountable, word) {
		return true
	}
	for _, p := range irregular {
		if p == word {
			return true
		}
	}
	return false
}

// plural of an English noun in lower case. A word that ends in a plain s, such
// as "settings", is taken for a plural.
func plural(word string) string {
	if p, ok := irregular[word]; ok {
		return p
	}
	ends := func(endings ...string) bool {
		for _, ending := range endings {
			if strings.HasSuffix(word, ending) {
				return true
			}
		}
		return false
	}
	switch {
	case known(word):
		return word
	case ends("is"): // analysis
		return strings.TrimSuffix(word, "is") + "es"
	case ends("ss", "us", "x", "z", "ch", "sh"):
		return word + "es"
	case ends("s"):
		return word
	case ends("quy"), ends("y") && !ends("ay", "ey", "iy", "oy", "uy"):
		return strings.TrimSuffix(word, "y") + "ies"
	default:
		return word + "s"
	}
}
