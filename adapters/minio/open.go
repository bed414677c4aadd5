package minio

import (
	"context"
	"errors"
	"io"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

// Open makes a client of its own, checks with 22 requests on scratch objects
// under "_sb/probe/" that the server honours conditions, and returns the store.
// A server that doesn't is refused with ports.ErrUnsupported and the reason; a
// bad option answers ports.ErrInvalidKey. The caller closes the store.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	opts := cfg.options()
	if err := opts.applyDefaults(); err != nil {
		return nil, refuse(cfg.Bucket, err)
	}
	client, release, err := dial(cfg)
	if err != nil {
		return nil, refuse(cfg.Bucket, err)
	}
	return newBucket(client, opts, release).ready(ctx, opts)
}

// New is Open for a client that the caller made, which can be used for other
// things too. It must not retry (set Options.MaxRetries of the SDK to 1), or it
// is refused with ports.ErrUnsupported: a request that is repeated after its
// answer was lost meets its own success and takes it for a conflict. A client
// without a region makes one request more to learn it.
//
// Such a client waits up to 200 ms before it returns a failure that it would
// have retried; the clients that Open makes don't.
func New(ctx context.Context, client *sdk.Client, opts Options) (*Store, error) {
	if err := opts.applyDefaults(); err != nil {
		return nil, refuse(opts.Bucket, err)
	}
	if client == nil {
		return nil, refuse(opts.Bucket, errors.New("the client is nil"))
	}
	if err := wantSingleAttempts(client); err != nil {
		return nil, ports.Fail("open", opts.Bucket, ports.ErrUnsupported, err)
	}
	return newBucket(client, opts, func() {}).ready(ctx, opts)
}

// dial makes a client; nothing is sent yet.
func dial(cfg Config) (*sdk.Client, func(), error) {
	address, err := cfg.address()
	if err != nil {
		return nil, nil, err
	}
	signer, err := cfg.signer()
	if err != nil {
		return nil, nil, err
	}
	region := cfg.Region
	if region == "" {
		region = defaultRegion
	}
	carrier, release := cfg.Transport, func() {}
	if carrier == nil {
		own := newTransport()
		carrier, release = own, own.CloseIdleConnections
	}
	client, err := sdk.New(address, &sdk.Options{
		Creds: signer, Secure: cfg.Secure, Region: region, Transport: settling{carrier}, MaxRetries: 1,
	})
	return client, release, err
}

// ready puts the prefix on the bucket and probes it there. It closes the bucket
// if that fails.
func (s *bucket) ready(ctx context.Context, opts Options) (*Store, error) {
	below, err := prefix.Store(s, opts.Prefix)
	if err == nil && !opts.SkipProbe {
		err = newProbe(below, s, opts.Prefix).run(ctx)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	store := &Store{ObjectStore: below} // a prefix keeps the optional interfaces
	store.Streamer, _ = ports.As[ports.Streamer](below)
	store.BatchDeleter, _ = ports.As[ports.BatchDeleter](below)
	store.Pinger, _ = ports.As[ports.Pinger](below)
	store.Closer, _ = ports.As[io.Closer](below)
	return store, nil
}
