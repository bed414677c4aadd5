package gcs

import (
	"context"
	"errors"
	"net/http"
	"time"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/auth/credentials"
	"cloud.google.com/go/storage"
	"google.golang.org/api/option"
	htransport "google.golang.org/api/transport/http"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	// idlePerHost keeps a connection for every request that core and a few
	// streams have in flight. It counts for HTTP/1.1 only.
	idlePerHost = 256

	// answerTimeout is long, because a write without an answer has an unknown
	// outcome. It counts from the end of the body; contexts end what must end
	// earlier.
	answerTimeout = 60 * time.Second

	// pingAfter finds out that a quiet HTTP/2 connection is dead.
	pingAfter = 31 * time.Second
)

// link is a client with the connections that it rests on.
type link struct {
	client *storage.Client
	base   *http.Transport
}

// close ends a link that is not in use any more. The client can't close idle
// connections itself: the layers that sign requests hide them.
func (l link) close() {
	_ = l.client.Close()
	l.base.CloseIdleConnections()
}

func dial(ctx context.Context, cfg Config, endpoint string) (link, error) {
	creds, err := findCredentials(cfg, endpoint)
	if err != nil {
		return link{}, err
	}
	l := link{base: newBase()}
	opts := clientOptions(endpoint)
	trans := http.RoundTripper(exact{l.base})
	if creds == nil {
		opts = append(opts, option.WithoutAuthentication())
	} else {
		signed := option.WithAuthCredentials(creds)
		opts = append(opts, signed)
		if trans, err = htransport.NewTransport(ctx, trans, signed); err != nil {
			return link{}, ports.Fail("open", cfg.Bucket, ports.ErrPermission, err)
		}
	}
	opts = append(opts, option.WithHTTPClient(&http.Client{Transport: trans, CheckRedirect: keepMethod}))
	if l.client, err = storage.NewClient(ctx, opts...); err != nil {
		return link{}, refuse(cfg.Bucket, err)
	}
	return l, nil
}

// keepMethod follows no redirection that makes another request of a write:
// net/http would send a GET, whose success would pass for that of the write.
func keepMethod(req *http.Request, via []*http.Request) error {
	const most = 10 // as net/http has it
	if req.Method != via[0].Method || len(via) >= most {
		return http.ErrUseLastResponse
	}
	return nil
}

// findCredentials returns nil where requests are not to be signed.
func findCredentials(cfg Config, endpoint string) (*auth.Credentials, error) {
	switch {
	case cfg.Anonymous && cfg.Credentials != nil:
		return nil, refuse(cfg.Bucket, errors.New("options Anonymous and Credentials exclude each other"))
	case cfg.Credentials != nil:
		return cfg.Credentials, nil
	case cfg.Anonymous || endpoint != "":
		return nil, nil
	}
	return defaultCredentials(cfg.Bucket)
}

func defaultCredentials(bucket string) (*auth.Credentials, error) {
	creds, err := credentials.DetectDefault(&credentials.DetectOptions{Scopes: []string{storage.ScopeReadWrite}})
	if err != nil {
		return nil, ports.Fail("open", bucket, ports.ErrPermission, err)
	}
	return creds, nil
}

func newBase() *http.Transport {
	base, ok := http.DefaultTransport.(*http.Transport)
	if !ok { // the program put something else there
		base = &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	} else {
		base = base.Clone()
	}
	base.MaxIdleConns, base.MaxIdleConnsPerHost = 2*idlePerHost, idlePerHost
	base.ResponseHeaderTimeout = answerTimeout
	base.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter}
	return base
}
