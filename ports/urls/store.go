package urls

import (
	"context"
	"net/url"

	"github.com/smarterbase/smarterbase/ports"
)

var stores = registry[ports.ObjectStore]{
	kind: "store",
	adapters: map[string]string{
		"file":  "fs",
		"gs":    "gcs",
		"mem":   "memory",
		"minio": "minio",
		"s3":    "s3",
	},
}

// RegisterStore makes OpenStore use open for URLs with this scheme. It is
// meant for init functions of adapters, and panics when the scheme is empty,
// malformed or not in lower case, when it is registered already, or when open
// is nil. open is called concurrently and may keep the URL. What it returns
// is the caller's to close where it is an io.Closer.
func RegisterStore(scheme string, open func(ctx context.Context, u *url.URL) (ports.ObjectStore, error)) {
	stores.register(scheme, open)
}

// OpenStore opens the object store that the URL names. A scheme that nobody
// registered answers an error matching ports.ErrUnsupported that says which
// import to add; a URL that can't be parsed, or has no scheme, one matching
// ports.ErrInvalidKey. Other errors are the adapter's own. It is safe for
// concurrent use.
func OpenStore(ctx context.Context, rawURL string) (ports.ObjectStore, error) {
	return stores.open(ctx, rawURL)
}

// StoreSchemes returns the registered schemes of object stores, sorted.
func StoreSchemes() []string { return stores.schemes() }
