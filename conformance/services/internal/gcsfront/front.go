package gcsfront

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
)

// Front is an http.Handler in front of an emulator. Safe for concurrent use.
type Front struct {
	upstream *url.URL
	host     string
	proxy    *httputil.ReverseProxy
	client   *http.Client
	locks    locks

	mu      sync.Mutex
	changes map[object]change
	uploads map[string]*upload
}

// New makes a front for the emulator at upstream, a URL without a path. The
// emulator sees every request as one to host, which it must know as its public
// host: it finds objects on paths of the XML API there alone. Close ends it.
func New(upstream *url.URL, host string) *Front {
	transport := &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: 64}
	f := &Front{
		upstream: upstream,
		host:     host,
		client:   &http.Client{Transport: transport},
		changes:  map[object]change{},
		uploads:  map[string]*upload{},
	}
	f.proxy = &httputil.ReverseProxy{
		Transport:      transport,
		Rewrite:        f.rewrite,
		ModifyResponse: f.amend,
		ErrorLog:       log.New(io.Discard, "", 0), // the client is told
	}
	return f
}

// Close closes connections to the emulator.
func (f *Front) Close() { f.client.CloseIdleConnections() }

func (f *Front) rewrite(r *httputil.ProxyRequest) {
	r.SetURL(f.upstream)
	r.Out.Host = f.host
}

// exchange is one request on its way, as it is kept in its context.
type exchange struct {
	operation
	host   string // that the client uses
	upload *upload
	unlock func()
}

type exchangeKey struct{}

// ServeHTTP answers one request.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{host: r.Host, unlock: func() {}}
	defer func() { x.unlock() }()
	var err error
	if x.operation, err = parse(r); err == nil {
		err = f.prepare(x, r)
	}
	if err == nil {
		err = f.check(r.Context(), x, r)
	}
	if err != nil {
		answer(w, x, err)
		return
	}
	f.proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
}

// prepare reads what must be known of the body before anything is locked.
func (f *Front) prepare(x *exchange, r *http.Request) error {
	if !x.kind.writes() {
		return nil
	}
	body, err := hold(r)
	if err != nil {
		return err
	}
	switch x.kind {
	case insert, start:
		err = x.nameFrom(r, body)
	case chunk:
		err = f.resume(x, r)
	case compose:
		err = x.sourcesFrom(body)
	}
	if err != nil {
		return err
	}
	return x.refuseName()
}

// check takes the locks and looks at the conditions.
func (f *Front) check(ctx context.Context, x *exchange, r *http.Request) error {
	if x.kind.writes() || x.conditional() {
		x.unlock = sync.OnceFunc(f.locks.take(x.objects()))
	}
	if x.upload != nil && !x.upload.completes(r) {
		return x.upload.replay()
	}
	for _, p := range x.sources {
		if err := f.demand(ctx, p, false); err != nil {
			return err
		}
	}
	if x.conditions.empty() {
		return nil
	}
	return f.demand(ctx, x.part, x.kind.creates())
}

// demand answers nil if the conditions of a part hold. An object that is
// absent fails with 404, unless the request may create it.
func (f *Front) demand(ctx context.Context, p part, mayCreate bool) error {
	now, err := f.state(ctx, p.object, p.generation)
	switch {
	case err != nil:
		return err
	case now.generation == 0 && !mayCreate:
		return &failure{http.StatusNotFound, "notFound", "No such object: " + p.bucket + "/" + p.name}
	}
	return p.conditions.hold(now)
}
