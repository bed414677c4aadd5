package redis

import (
	"context"
	"net/url"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func init() {
	for _, scheme := range []string{"redis", "rediss"} {
		urls.RegisterIndex(scheme, func(ctx context.Context, u *url.URL) (ports.Index, error) {
			x, err := openIndex(ctx, u)
			if err != nil {
				return nil, err // not x, which would be an Index that is not nil
			}
			return x, nil
		})
	}
}

// openIndex dials what the URL names and refuses a server that can't keep an
// index.
func openIndex(ctx context.Context, u *url.URL) (*Index, error) {
	config, err := configOf(u)
	if err != nil {
		return nil, err
	}
	client, err := Dial(ctx, config)
	if err != nil {
		return nil, err
	}
	x := client.Index()
	x.owned = true
	if _, err := x.Identity(ctx); err != nil { // one that does not tell who it is
		_ = x.Close() // the reason is what counts
		return nil, err
	}
	return x, nil
}
