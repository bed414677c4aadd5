package encryption

import (
	"context"
	"errors"
	"slices"

	"github.com/smarterbase/smarterbase/ports"
)

// layer is the key of a context under which an inner store is listed. Its
// value is the keyring of those who list. An encrypted store under the same
// keys looks as if all of its objects were plaintext, so it must not be taken
// for the inner one; whatever decorates it passes the context on.
type layer struct{}

func marked(ctx context.Context, k *Keyring) context.Context {
	return context.WithValue(ctx, layer{}, k)
}

// refuseMarked refuses to be listed as the inner store of another one that has
// a key of this one.
func (s *store) refuseMarked(ctx context.Context, prefix string) error {
	outer, ok := ctx.Value(layer{}).(*Keyring)
	if !ok || !s.keys.shares(outer) {
		return nil
	}
	return ports.Fail("list", prefix, ports.ErrInvalidKey,
		errors.New("this is the encrypted store, and the inner one is needed"))
}

// shares reports whether two keyrings have a key in common.
func (k *Keyring) shares(other *Keyring) bool {
	return k == other || slices.ContainsFunc(k.current().infos, func(own KeyInfo) bool {
		return slices.ContainsFunc(other.current().infos, func(its KeyInfo) bool { return own.ID == its.ID })
	})
}
