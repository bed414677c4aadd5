package fs

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() { urls.RegisterStore("file", openURL) }

// openURL opens file://./data (relative), file:///srv/data (absolute) and
// either with ?sync=none or ?sync=full.
func openURL(ctx context.Context, u *url.URL) (ports.ObjectStore, error) {
	root, err := rootOf(u)
	if err != nil {
		return nil, ports.Fail("open", urls.Redact(u), ports.ErrInvalidKey, err)
	}
	values, err := urls.Options(u, "sync")
	if err != nil {
		return nil, err
	}
	var opts Options
	switch sync := values.Get("sync"); sync {
	case "", "full":
	case "none":
		opts.Sync = SyncNone
	default:
		return nil, ports.Fail("open", urls.Redact(u), ports.ErrInvalidKey,
			fmt.Errorf("sync is %q, not full or none", sync))
	}
	store, err := Open(ctx, root, opts)
	if err != nil {
		return nil, err // without this, a nil *Store would be a store
	}
	return store, nil
}

var (
	errPlace = errors.New("a path is file://./relative or file:///absolute")
	errExtra = errors.New("a file URL has neither user, port nor fragment; write %23 for # and %3F for ? in a path")
)

// rootOf takes "." and ".." for the first step of a relative path, which the
// syntax of URLs calls the host.
func rootOf(u *url.URL) (string, error) {
	switch {
	case u.User != nil || u.Port() != "" || u.Fragment != "":
		return "", errExtra
	case u.Opaque != "":
		return "", errPlace
	case u.Host == "" && u.Path != "", u.Host == "." || u.Host == "..":
		return u.Host + u.Path, nil
	}
	return "", errPlace
}
