package s3

import (
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// Store is an object store on one bucket, or on the keys of it that lie below
// a prefix. All methods are safe for concurrent use.
type Store struct {
	ports.ObjectStore
	ports.Streamer
	ports.BatchDeleter
	ports.Pinger
	io.Closer

	bucket *bucket
}

// Facts returns what the probe at open found out, or was told.
func (s *Store) Facts() Facts { return s.bucket.facts }
