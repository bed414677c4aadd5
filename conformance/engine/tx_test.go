package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

// purse is what most tests of transactions move money between.
type purse struct {
	Coins int    `json:"coins"`
	Kind  string `json:"kind,omitempty" sb:"index"`
}

// purses opens the collection of purses in a database.
func purses(t *testing.T, db *core.DB) *core.Collection[purse] {
	t.Helper()
	return collection[purse](t, db, "purses")
}

// purseKey is the object key of a purse.
func purseKey(id string) string { return "purses/" + id + ".json" }

// move takes coins from one purse to another.
func move(ctx context.Context, c *core.Collection[purse], from, to string, coins int) error {
	return c.DB().Tx(ctx, func(tx *core.Tx) error { return moveIn(ctx, c.In(tx), from, to, coins) })
}

func moveIn(ctx context.Context, in *core.Collection[purse], from, to string, coins int) error {
	if _, err := in.Update(ctx, from, func(p *purse) error { p.Coins -= coins; return nil }); err != nil {
		return err
	}
	_, err := in.Update(ctx, to, func(p *purse) error { p.Coins += coins; return nil })
	return err
}

// stock puts purses of a hundred coins under the ids.
func stock(t *testing.T, c *core.Collection[purse], ids ...string) {
	t.Helper()
	for _, id := range ids {
		_, err := c.Put(t.Context(), id, purse{Coins: 100})
		require.NoError(t, err)
	}
}

// coins reads a purse; -1: there is none.
func coins(t *testing.T, c *core.Collection[purse], id string) int {
	t.Helper()
	doc, err := c.Get(t.Context(), id)
	if isAny(err, core.ErrNotFound) {
		return -1
	}
	require.NoError(t, err)
	return doc.Value.Coins
}

// lockedKeys are those of all objects that hold a lock.
func lockedKeys(t *testing.T, store ports.ObjectStore) (found []string) {
	t.Helper()
	for info, err := range store.List(t.Context(), ports.ListOptions{}) {
		require.NoError(t, err)
		object, err := store.Get(t.Context(), info.Key, ports.GetOptions{})
		if errors.Is(err, ports.ErrNotFound) {
			continue
		}
		require.NoError(t, err)
		if bytes.HasPrefix(object.Data, []byte(`{"_tx":`)) {
			found = append(found, info.Key)
		}
	}
	return found
}

// decisions counts what transactions left in the store.
func decisions(t *testing.T, store ports.ObjectStore) (n int) {
	t.Helper()
	for _, err := range store.List(t.Context(), ports.ListOptions{Prefix: "_sb/tx/"}) {
		require.NoError(t, err)
		n++
	}
	return n
}

// lockFor is the lock of a transaction over a body; no body: over nothing.
func lockFor(id, prev string, reads bool, wait, body string) string {
	lock := fmt.Sprintf(`{"_tx":{"id":%q,"prev":%q,"reads":%v,"at":"2026-01-02T03:04:05Z","wait":%q}`, id, prev, reads, wait)
	if body == "" || body == "{}" {
		return lock + "}"
	}
	return lock + "," + body[1:]
}
