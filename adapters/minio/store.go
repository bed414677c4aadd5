package minio

import (
	"context"
	"errors"
	"fmt"
	"io"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/gate"
)

// Store is a bucket, or the part of it below a prefix. Open and New make it.
// All methods are safe for concurrent use.
//
// Close makes every later call answer ports.ErrClosed. Calls that go on, and
// streams that are open, can end; the connections of a client that Open made
// are closed with the last of them. Ping asks whether the bucket exists.
type Store struct {
	ports.ObjectStore
	ports.Streamer
	ports.BatchDeleter
	ports.Pinger
	io.Closer
}

// bucket is a whole bucket.
type bucket struct {
	core     sdk.Core
	name     string
	partSize int
	buffers  *buffers
	gate     gate.Gate // so that no connection is given back after the idle ones were closed

	// uploadsHold: the server honours conditions at the end of an upload in
	// parts, too. The probe finds out; without it MinIO is believed.
	uploadsHold bool
}

// maxObjectSize is what S3 takes in one request.
const maxObjectSize = 5 << 30

func newBucket(client *sdk.Client, opts Options, release func()) *bucket {
	b := &bucket{
		core: sdk.Core{Client: client}, name: opts.Bucket, partSize: int(opts.PartSize),
		buffers: newBuffers(int(opts.PartSize)), uploadsHold: true,
	}
	b.gate.Open(release)
	return b
}

// Capabilities are those of MinIO. The probe refuses a server that has less.
func (s *bucket) Capabilities() ports.Capabilities {
	return ports.Capabilities{
		Name: "minio", ConditionalDelete: false, UniqueVersions: false,
		LateWrites: true, NestedKeys: true, MaxObjectSize: maxObjectSize,
	}
}

// Ping answers nil if the bucket exists.
func (s *bucket) Ping(ctx context.Context) error {
	if err := s.begin(ctx, "ping", ""); err != nil {
		return err
	}
	defer s.gate.Leave()
	found, err := s.core.BucketExists(ctx, s.name)
	if err != nil {
		return s.fail(ctx, attempt{op: "ping", stage: reading}, err)
	}
	if !found {
		return ports.Fail("ping", "", ports.ErrUnavailable, s.noBucket())
	}
	return nil
}

// Close lets calls in flight end. A second Close answers nil.
func (s *bucket) Close() error {
	s.gate.Close()
	return nil
}

// begin starts a call. Each begin that answers nil is followed by one
// s.gate.Leave.
func (s *bucket) begin(ctx context.Context, op, key string) error {
	if err := ports.ContextDone(ctx, op, key); err != nil {
		return err
	}
	if !s.gate.Enter() {
		return ports.Fail(op, key, ports.ErrClosed, nil)
	}
	return nil
}

// enter is begin for a call on one key, and returns its name on the server.
func (s *bucket) enter(ctx context.Context, op, key string) (string, error) {
	if err := ports.ContextDone(ctx, op, key); err != nil {
		return "", err
	}
	name, err := nameOf(op, key)
	if err != nil {
		return "", err
	}
	return name, s.begin(ctx, op, key)
}

// nameOf checks a key and returns its name on the server.
func nameOf(op, key string) (string, error) {
	if err := ports.ValidateKey(key); err != nil {
		return "", ports.Fail(op, key, ports.ErrInvalidKey, err)
	}
	name, ok := encode(key)
	if !ok {
		return "", ports.Fail(op, key, ports.ErrInvalidKey, errLongName)
	}
	return name, nil
}

var errLongName = errors.New("the name that the key has on the server is too long")

func (s *bucket) noBucket() error { return fmt.Errorf("the bucket %q does not exist", s.name) }
