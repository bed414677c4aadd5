package memory

import (
	"context"
	"errors"
	"net/url"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() {
	urls.RegisterStore("mem", func(_ context.Context, u *url.URL) (ports.ObjectStore, error) {
		name, err := sharedName("open store", u)
		if err != nil {
			return nil, err
		}
		return shared(&stores, name, func() *Store { return NewStore(StoreOptions{}) }).Client(), nil
	})
	urls.RegisterIndex("mem", func(_ context.Context, u *url.URL) (ports.Index, error) {
		name, err := sharedName("open index", u)
		if err != nil {
			return nil, err
		}
		return shared(&indexes, name, func() *Index { return NewIndex(IndexOptions{}) }).Client(), nil
	})
}

// The named stores and indexes of this process.
var stores, indexes sync.Map

// shared returns what has that name, made at first use; without a name it is
// a new one each time.
func shared[T any](byName *sync.Map, name string, build func() T) T {
	if name == "" {
		return build()
	}
	found, _ := byName.LoadOrStore(name, build())
	return found.(T)
}

// sharedName reads mem:// and mem://name, and refuses everything more: what is
// not understood must not be ignored.
func sharedName(op string, u *url.URL) (string, error) {
	if _, err := urls.Options(u); err != nil {
		return "", err
	}
	if u.Opaque != "" || u.User != nil || (u.Path != "" && u.Path != "/") {
		return "", ports.Fail(op, urls.Redact(u), ports.ErrInvalidKey, errors.New("use mem:// or mem://name"))
	}
	return u.Host, nil
}
