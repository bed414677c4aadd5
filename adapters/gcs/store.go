package gcs

import (
	"context"
	"errors"
	"io"

	"cloud.google.com/go/storage"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/gate"
)

// Store is a bucket, or the part of it below a prefix. Open and New make it.
// All methods are safe for concurrent use.
//
// Close makes every later call answer ports.ErrClosed. Calls that go on, and
// streams that are open, can end; the connections of a client that Open made
// are closed with the last of them. Ping asks for an object that does not
// exist: it needs no more rights than Stat, and reads nothing.
type Store struct {
	ports.ObjectStore
	ports.Streamer
	ports.Pinger
	io.Closer
}

// bucket is the whole bucket.
type bucket struct {
	handle    *storage.BucketHandle // never retries
	name      string
	ping      string
	chunkSize int
	caps      ports.Capabilities // constant once Open returned
	gate      gate.Gate          // a client that is closed under a call panics
}

const (
	maxObjectSize = 5 << 40 // by the documentation of Google Cloud Storage
	pingKey       = "_sb/ping"
)

// Capabilities returns what the probe at open found.
func (s *bucket) Capabilities() ports.Capabilities { return s.caps }

// Ping answers nil if the server answers with these credentials.
func (s *bucket) Ping(ctx context.Context) error {
	_, err := s.stat(ctx, "ping", s.ping)
	if err == nil || errors.Is(err, ports.ErrNotFound) {
		return nil
	}
	return err
}

// Close lets calls in flight end. A second Close answers nil.
func (s *bucket) Close() error {
	s.gate.Close()
	return nil
}

// enter starts a call on one key. Each enter that answers nil is followed by
// one s.gate.Leave.
func (s *bucket) enter(ctx context.Context, op, key string) error {
	if err := ports.ContextDone(ctx, op, key); err != nil {
		return err
	}
	if err := ports.ValidateKey(key); err != nil {
		return ports.Fail(op, key, ports.ErrInvalidKey, err)
	}
	return s.begin(op, key)
}

// begin is the end of enter, for calls that are not about one key.
func (s *bucket) begin(op, key string) error {
	if !s.gate.Enter() {
		return ports.Fail(op, key, ports.ErrClosed, nil)
	}
	return nil
}
