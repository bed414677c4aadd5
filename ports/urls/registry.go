package urls

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/smarterbase/smarterbase/ports"
)

// registry maps schemes to what opens them; kind is "store" or "index".
type registry[T any] struct {
	kind     string
	adapters map[string]string // schemes known to exist, with the folder under adapters/

	mu    sync.RWMutex
	opens map[string]func(context.Context, *url.URL) (T, error)
}

// register panics on misuse, because it runs while the program is initialised
// and a clash of two adapters is an error of the build, not of its input.
func (r *registry[T]) register(scheme string, open func(context.Context, *url.URL) (T, error)) {
	if !validScheme(scheme) {
		panic(fmt.Sprintf("urls: register %s: the scheme %q is not a letter and then letters, digits, +, - or . in lower case", r.kind, scheme))
	}
	if open == nil {
		panic(fmt.Sprintf("urls: register %s: the open function of scheme %q is nil", r.kind, scheme))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, twice := r.opens[scheme]; twice {
		panic(fmt.Sprintf("urls: register %s: the scheme %q is registered twice", r.kind, scheme))
	}
	if r.opens == nil {
		r.opens = make(map[string]func(context.Context, *url.URL) (T, error))
	}
	r.opens[scheme] = open
}

// open calls what is registered, outside the lock, since it may take long and
// may itself open another URL.
func (r *registry[T]) open(ctx context.Context, rawURL string) (T, error) {
	var none T
	op := "open " + r.kind
	u, err := parse(op, rawURL)
	if err != nil {
		return none, err
	}
	if err := ports.ContextDone(ctx, op, Redact(u)); err != nil {
		return none, err
	}
	r.mu.RLock()
	open, found := r.opens[u.Scheme]
	r.mu.RUnlock()
	if !found {
		return none, ports.Fail(op, Redact(u), ports.ErrUnsupported, r.unknown(u.Scheme))
	}
	return open(ctx, u)
}

func (r *registry[T]) schemes() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Sorted(maps.Keys(r.opens))
}

// unknown says what to do about a scheme that nobody registered.
func (r *registry[T]) unknown(scheme string) error {
	registered := "none"
	if schemes := r.schemes(); len(schemes) > 0 {
		registered = strings.Join(schemes, ", ")
	}
	if folder, known := r.adapters[scheme]; known {
		return fmt.Errorf("no %s is registered for the scheme %q; add the line import _ %q (registered: %s)",
			r.kind, scheme, modulePath+folder, registered)
	}
	return fmt.Errorf("no %s is known for the scheme %q (registered: %s)", r.kind, scheme, registered)
}

const modulePath = "github.com/smarterbase/smarterbase/adapters/"

// validScheme accepts what url.Parse can give back: it lowers the case.
func validScheme(scheme string) bool {
	for i, c := range []byte(scheme) {
		letter := c >= 'a' && c <= 'z'
		other := c >= '0' && c <= '9' || c == '+' || c == '-' || c == '.'
		if !letter && (i == 0 || !other) {
			return false
		}
	}
	return scheme != ""
}
