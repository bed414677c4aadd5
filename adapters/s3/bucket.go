package s3

import (
	"context"
	"errors"
	"net/http"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/gate"
)

// bucket is the store on a whole bucket. Its methods are the boundary of the
// package: every error that leaves them is a *ports.Error.
type bucket struct {
	client *awss3.Client
	name   string
	facts  Facts
	opts   Options
	each   []func(*awss3.Options) // of every request: no retries, no redirects
	parts  partPool
	gate   gate.Gate // so that no connection is given back after the idle ones were closed
}

func newBucket(client *awss3.Client, opts Options, release func()) *bucket {
	b := &bucket{client: client, name: opts.Bucket, opts: opts}
	b.each = []func(*awss3.Options){once, opts.Checksum.apply}
	if sender, ok := client.Options().HTTPClient.(*http.Client); ok {
		staying := *sender
		staying.CheckRedirect = stay
		b.each = append(b.each, func(o *awss3.Options) { o.HTTPClient = &staying })
	}
	b.parts.size = opts.PartSize
	b.gate.Open(release)
	return b
}

// Capabilities implements ports.ObjectStore.
func (b *bucket) Capabilities() ports.Capabilities {
	return ports.Capabilities{
		Name:              "s3",
		ConditionalDelete: b.facts.ConditionalDelete,
		LateWrites:        true,
		NestedKeys:        b.facts.Nesting == NestingFull,
		MaxObjectSize:     b.opts.MaxObjectSize,
	}
}

// Ping answers nil if the server answers and the bucket is there and may be
// listed. It reads no object.
func (b *bucket) Ping(ctx context.Context) error {
	if err := b.enter(ctx, "ping", ""); err != nil {
		return err
	}
	defer b.gate.Leave()
	_, err := b.client.HeadBucket(ctx, &awss3.HeadBucketInput{Bucket: &b.name}, b.each...)
	if err == nil {
		return nil
	}
	failure := b.readFailure(ctx, "ping", "", err)
	if errors.Is(failure, ports.ErrNotFound) {
		return ports.Fail("ping", "", ports.ErrUnavailable, b.missing(err))
	}
	return failure
}

// Close lets no further call in. Calls and streams that are under way end
// normally; idle connections are closed, at the latest when the last of them
// ended. A second Close answers nil.
func (b *bucket) Close() error {
	b.gate.Close()
	return nil
}

// enterKey is enter for calls on a key.
func (b *bucket) enterKey(ctx context.Context, op, key string) error {
	if err := ports.ValidateKey(key); err != nil {
		return ports.Fail(op, key, ports.ErrInvalidKey, causeOf(err)) // the rule that was broken
	}
	return b.enter(ctx, op, key)
}

// enter lets a call into the store; if it answers nil, gate.Leave must follow.
func (b *bucket) enter(ctx context.Context, op, key string) error {
	if err := ports.ContextDone(ctx, op, key); err != nil {
		return err
	}
	if !b.gate.Enter() {
		return ports.Fail(op, key, ports.ErrClosed, nil)
	}
	return nil
}
