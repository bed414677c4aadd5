package docs_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/simple"
)

// pet is the document of the tests of docs/operating.md.
type pet struct {
	ID   string `json:"id" sb:"id"`
	Kind string `json:"kind" sb:"index"`
}

// withPets opens the database in a folder, waits for its index, and closes it
// afterwards.
func withPets(t *testing.T, folder string, fn func(pets *simple.Collection[pet]), options ...simple.Option) {
	t.Helper()
	db, err := simple.Open(t.Context(), simple.FileURL(folder), options...)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	pets, err := simple.NewCollection[pet](t.Context(), db)
	if err == nil {
		err = pets.Core().WaitReady(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	fn(pets)
}

// wantCats compares the ids that the index finds; failed says whether a
// document is reported that can't be read.
func wantCats(t *testing.T, pets *simple.Collection[pet], failed bool, want ...string) {
	t.Helper()
	var profile core.Profile
	found, err := pets.Query().Where(simple.Eq("kind", "cat")).Profile(&profile).IDs(t.Context())
	slices.Sort(found)
	if !slices.Equal(found, want) || profile.Index == "" || errors.Is(err, core.ErrCorrupt) != failed || !failed && err != nil {
		t.Errorf("found %v, %v by %s, want %v", found, err, profile, want)
	}
}

// TestWhatOperatorsDoToTheFolder does what docs/operating.md allows while
// nothing runs. Afterwards the index finds what the documents say.
func TestWhatOperatorsDoToTheFolder(t *testing.T) {
	t.Parallel()
	remove := func(names ...string) func(*testing.T, string) string {
		return func(t *testing.T, folder string) string {
			for _, name := range names {
				if err := os.RemoveAll(filepath.Join(folder, name)); err != nil {
					t.Fatal(err)
				}
			}
			return folder
		}
	}
	dropIndex := remove(".sb/index.bolt")
	for name, c := range map[string]struct {
		do     func(t *testing.T, folder string) string // answers where the folder is then
		failed bool
		want   []string
	}{
		"nothing":                           {remove(), false, []string{"tom", "zoe"}},
		"remove the index":                  {dropIndex, false, []string{"tom", "zoe"}},
		"remove locks and unfinished files": {remove(".sb/locks", ".sb/tmp"), false, []string{"tom", "zoe"}},
		"remove the manifest":               {remove("_sb"), false, []string{"tom", "zoe"}},
		"remove a document":                 {remove("pets/zoe.json"), false, []string{"tom"}},
		"move it": {func(t *testing.T, folder string) string {
			moved := folder + " and elsewhere"
			if err := os.Rename(folder, moved); err != nil {
				t.Fatal(err)
			}
			return moved
		}, false, []string{"tom", "zoe"}},
		"put documents there": {func(t *testing.T, folder string) string {
			writePet(t, folder, "rex", `{"id":"rex","kind":"cat"}`)
			writePet(t, folder, "zoe", `{"id":"zoe","kind":"dog"}`)
			return dropIndex(t, folder)
		}, false, []string{"rex", "tom"}},
		"break a document": {func(t *testing.T, folder string) string {
			writePet(t, folder, "rex", `{"id":"re`)
			return dropIndex(t, folder)
		}, true, []string{"tom", "zoe"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := filepath.Join(t.TempDir(), "data")
			withPets(t, folder, func(pets *simple.Collection[pet]) {
				for _, p := range []pet{{"tom", "cat"}, {"zoe", "cat"}, {"rex", "dog"}} {
					if _, err := pets.Create(t.Context(), p); err != nil {
						t.Fatal(err)
					}
				}
				wantCats(t, pets, false, "tom", "zoe")
			})
			withPets(t, c.do(t, folder), func(pets *simple.Collection[pet]) { wantCats(t, pets, c.failed, c.want...) })
		})
	}
}

// writePet puts a document there as another program would.
func writePet(t *testing.T, folder, id, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, "pets", id+".json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
