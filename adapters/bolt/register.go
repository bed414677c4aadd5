package bolt

import (
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"runtime"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() {
	urls.RegisterIndex("bolt", func(ctx context.Context, u *url.URL) (ports.Index, error) {
		x, err := openURL(ctx, u)
		if err != nil {
			return nil, err // not x, which would be an Index that is not nil
		}
		return x, nil
	})
}

func openURL(ctx context.Context, u *url.URL) (*Index, error) {
	path, err := pathOf(u, runtime.GOOS)
	if err != nil {
		return nil, err
	}
	return Open(ctx, path, Options{})
}

// pathOf reads bolt://./data/index.bolt and bolt:///var/lib/index.bolt: what
// follows the two slashes is the path. On Windows an absolute one is written
// bolt:///C:/data/index.bolt.
func pathOf(u *url.URL, goos string) (string, error) {
	if _, err := urls.Options(u); err != nil {
		return "", err
	}
	path := u.Host + u.Path
	if u.Opaque != "" || u.User != nil || u.Fragment != "" || path == "" {
		return "", ports.Fail("open index", urls.Redact(u), ports.ErrInvalidKey,
			errors.New("use bolt://./folder/file for a relative path, bolt:///folder/file for an absolute one"))
	}
	if goos == "windows" && len(path) > 2 && path[0] == '/' && path[2] == ':' {
		path = path[1:]
	}
	return filepath.FromSlash(path), nil
}
