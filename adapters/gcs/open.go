package gcs

import (
	"context"
	"errors"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

// Open makes a client of its own, checks with a few requests under
// "_sb/probe/" that the bucket honours conditions, and returns the store. A
// server that doesn't is refused with ports.ErrUnsupported and the reason, a
// bucket that is not there with ports.ErrUnavailable, and an option that makes
// no sense with ports.ErrInvalidKey and the option's name. The caller closes
// the store.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	opts := cfg.options()
	if err := opts.applyDefaults(); err != nil {
		return nil, refuse(cfg.Bucket, err)
	}
	endpoint, err := cfg.endpoint()
	if err != nil {
		return nil, refuse(cfg.Bucket, err)
	}
	link, err := dial(ctx, cfg, endpoint)
	if err != nil {
		return nil, err
	}
	return newBucket(link.client, opts, link.close).ready(ctx, opts)
}

// New is Open for a client that the caller made, with storage.NewClient, and
// that the caller closes after the store. Make it with storage.WithJSONReads:
// the other kind of reads leaves out the condition of GetOptions.IfNoneMatch,
// so that an object which has not changed is fetched to find that out.
// Objects that are stored with "Content-Encoding: gzip", which this module
// never writes, are refused with ports.ErrUnsupported, because such a client
// would decompress them. Clients for gRPC are not supported.
func New(ctx context.Context, client *storage.Client, opts Options) (*Store, error) {
	if err := opts.applyDefaults(); err != nil {
		return nil, refuse(opts.Bucket, err)
	}
	if client == nil {
		return nil, refuse(opts.Bucket, errors.New("the client is nil"))
	}
	return newBucket(client, opts, func() {}).ready(ctx, opts)
}

// ready puts the prefix on the bucket and probes it there. It closes the
// bucket if that fails.
func (s *bucket) ready(ctx context.Context, opts Options) (*Store, error) {
	view, err := prefix.Store(s, opts.Prefix)
	if err == nil && !opts.SkipProbe {
		err = (&probe{store: view, bucket: s, clock: opts.Clock}).run(ctx)
	}
	if err != nil {
		_ = s.Close()
		return nil, err
	}
	store := &Store{ObjectStore: view, Pinger: s, Closer: s}
	store.Streamer, _ = ports.As[ports.Streamer](view)
	return store, nil
}

func newBucket(client *storage.Client, opts Options, release func()) *bucket {
	handle := client.Bucket(opts.Bucket).Retryer(storage.WithPolicy(storage.RetryNever))
	if opts.UserProject != "" {
		handle = handle.UserProject(opts.UserProject)
	}
	ping := pingKey
	if opts.Prefix != "" {
		ping = opts.Prefix + "/" + pingKey
	}
	b := &bucket{
		handle: handle, name: opts.Bucket, ping: ping, chunkSize: opts.ChunkSize,
		caps: ports.Capabilities{
			Name: "gcs", ConditionalDelete: true, UniqueVersions: true,
			LateWrites: true, NestedKeys: true, MaxObjectSize: maxObjectSize,
		},
	}
	b.gate.Open(release)
	return b
}

// refuse is for options: nothing was asked of any server.
func refuse(bucket string, cause error) error {
	return ports.Fail("open", bucket, ports.ErrInvalidKey, cause)
}

// clientOptions are those of every client that this package makes itself.
func clientOptions(endpoint string) []option.ClientOption {
	opts := []option.ClientOption{storage.WithJSONReads()}
	if endpoint != "" {
		opts = append(opts, option.WithEndpoint(endpoint))
	}
	return opts
}
