package engine_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/core"
)

func TestRequestsOfUniqueValues(t *testing.T) {
	t.Parallel()
	type user struct {
		Email string   `json:"email" sb:"unique"`
		Tags  []string `json:"tags,omitempty" sb:"unique,optional"`
		N     int      `json:"n"`
	}
	const claim = "put claim if absent"
	for name, options := range map[string]memory.StoreOptions{"local": {}, "network": likeS3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				m := newMeter(options)
				c := collection[user](t, m.open(t, withoutIndex), "users")
				require.NoError(t, c.WaitReady(ctx))
				_, err := c.Get(ctx, "a") // within the lease from now on
				require.ErrorIs(t, err, core.ErrNotFound)
				_, err = c.Create(ctx, "z", user{Email: "z", Tags: []string{"z"}})
				require.NoError(t, err)
				var doc core.Document[user]
				for _, step := range []struct {
					name string
					want string
					do   func()
				}{
					{"create", claim + "; put users/a.json if absent", func() { doc, err = c.Create(ctx, "a", user{Email: "a"}) }},
					{"update that does not touch it", "get users/a.json; put users/a.json if version", func() {
						doc, err = c.Update(ctx, "a", func(u *user) error { u.N++; return nil })
					}},
					{"put on a known revision", "put users/a.json if version", func() { doc, err = c.Put(ctx, "a", user{Email: "a", N: 7}, core.IfRevision(doc.Revision)) }},
					{"another value", "get users/a.json; " + claim + "; put users/a.json if version", func() {
						doc, err = c.Update(ctx, "a", func(u *user) error { u.Email = "b"; return nil })
					}},
					{"three more values", "get users/a.json; " + claim + "; " + claim + "; " + claim + "; put users/a.json if version", func() {
						doc, err = c.Patch(ctx, "a", `{"tags":["1","2","3"]}`)
					}},
					{"one value of many", "get users/a.json; " + claim + "; put users/a.json if version", func() {
						doc, err = c.Patch(ctx, "a", `{"tags":["1","4","3"]}`)
					}},
					{"a value from before", "get users/a.json; " + claim + " -> precondition failed; get claim; get users/a.json; put claim if version; put users/a.json if version", func() {
						doc, err = c.Update(ctx, "a", func(u *user) error { u.Email = "a"; return nil })
					}},
					{"delete", "get users/a.json; put users/a.json if version", func() { err = c.Delete(ctx, "a") }},
					{"create with a value of what was deleted", claim + " -> precondition failed; get claim; get users/a.json; put claim if version; put users/b.json if absent", func() {
						doc, err = c.Create(ctx, "b", user{Email: "a"})
					}},
				} {
					require.Equal(t, step.want, claims(m.requests(step.do)), step.name)
					require.NoError(t, err, step.name)
				}
				require.Equal(t, claim+" -> precondition failed; get claim; get users/c.json -> not found; get users/z.json",
					claims(m.requests(func() { _, err = c.Create(ctx, "c", user{Email: "z"}) })), "a value that another has")
				taken(t, err, "email", `"z"`, "z")
			})
		})
	}
}

// claims takes the hashes out of the keys of claims.
func claims(requests string) string {
	words := strings.Fields(requests)
	for i, word := range words {
		if strings.HasPrefix(word, "_sb/unique/") {
			words[i] = "claim"
			if strings.HasSuffix(word, ";") {
				words[i] += ";"
			}
		}
	}
	return strings.Join(words, " ")
}
