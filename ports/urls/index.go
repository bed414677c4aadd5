package urls

import (
	"context"
	"net/url"

	"github.com/smarterbase/smarterbase/ports"
)

var indexes = registry[ports.Index]{
	kind: "index",
	adapters: map[string]string{
		"bolt":   "bolt",
		"mem":    "memory",
		"redis":  "redis",
		"rediss": "redis",
	},
}

// RegisterIndex makes OpenIndex use open for URLs with this scheme. It panics
// in the same cases as RegisterStore, and what is said there of open holds
// here, too.
func RegisterIndex(scheme string, open func(ctx context.Context, u *url.URL) (ports.Index, error)) {
	indexes.register(scheme, open)
}

// OpenIndex opens the index that the URL names. Its errors are those of
// OpenStore. It is safe for concurrent use.
func OpenIndex(ctx context.Context, rawURL string) (ports.Index, error) {
	return indexes.open(ctx, rawURL)
}

// IndexSchemes returns the registered schemes of indexes, sorted.
func IndexSchemes() []string { return indexes.schemes() }
