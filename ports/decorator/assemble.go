package decorator

import (
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// Parts are what a decorated store is made of. Store is required; each other
// part may be nil, and is then not offered.
type Parts struct {
	Store        ports.ObjectStore
	Streamer     ports.Streamer
	BatchDeleter ports.BatchDeleter
	Pinger       ports.Pinger
	Closer       io.Closer
}

// Assemble returns a store that is Parts.Store and has exactly the optional
// interfaces whose part is there. It has no Unwrap: nothing can be reached past
// the decorator.
func Assemble(p Parts) ports.ObjectStore {
	if p.Closer != nil {
		return p.closing()
	}
	return p.open()
}

// offers is a set of optional interfaces beside io.Closer.
type offers struct{ streams, batches, pings bool }

func (p Parts) offers() offers {
	return offers{p.Streamer != nil, p.BatchDeleter != nil, p.Pinger != nil}
}

// open assembles a store that can't be closed.
func (p Parts) open() ports.ObjectStore {
	switch p.offers() {
	case offers{true, true, true}:
		return struct {
			ports.ObjectStore
			ports.Streamer
			ports.BatchDeleter
			ports.Pinger
		}{p.Store, p.Streamer, p.BatchDeleter, p.Pinger}
	case offers{true, true, false}:
		return struct {
			ports.ObjectStore
			ports.Streamer
			ports.BatchDeleter
		}{p.Store, p.Streamer, p.BatchDeleter}
	case offers{true, false, true}:
		return struct {
			ports.ObjectStore
			ports.Streamer
			ports.Pinger
		}{p.Store, p.Streamer, p.Pinger}
	case offers{true, false, false}:
		return struct {
			ports.ObjectStore
			ports.Streamer
		}{p.Store, p.Streamer}
	case offers{false, true, true}:
		return struct {
			ports.ObjectStore
			ports.BatchDeleter
			ports.Pinger
		}{p.Store, p.BatchDeleter, p.Pinger}
	case offers{false, true, false}:
		return struct {
			ports.ObjectStore
			ports.BatchDeleter
		}{p.Store, p.BatchDeleter}
	case offers{false, false, true}:
		return struct {
			ports.ObjectStore
			ports.Pinger
		}{p.Store, p.Pinger}
	}
	return struct{ ports.ObjectStore }{p.Store}
}

// closing assembles a store that can be closed.
func (p Parts) closing() ports.ObjectStore {
	switch p.offers() {
	case offers{true, true, true}:
		return struct {
			ports.ObjectStore
			ports.Streamer
			ports.BatchDeleter
			ports.Pinger
			io.Closer
		}{p.Store, p.Streamer, p.BatchDeleter, p.Pinger, p.Closer}
	case offers{true, true, false}:
		return struct {
			ports.ObjectStore
			ports.Streamer
			ports.BatchDeleter
			io.Closer
		}{p.Store, p.Streamer, p.BatchDeleter, p.Closer}
	case offers{true, false, true}:
		return struct {
			ports.ObjectStore
			ports.Streamer
			ports.Pinger
			io.Closer
		}{p.Store, p.Streamer, p.Pinger, p.Closer}
	case offers{true, false, false}:
		return struct {
			ports.ObjectStore
			ports.Streamer
			io.Closer
		}{p.Store, p.Streamer, p.Closer}
	case offers{false, true, true}:
		return struct {
			ports.ObjectStore
			ports.BatchDeleter
			ports.Pinger
			io.Closer
		}{p.Store, p.BatchDeleter, p.Pinger, p.Closer}
	case offers{false, true, false}:
		return struct {
			ports.ObjectStore
			ports.BatchDeleter
			io.Closer
		}{p.Store, p.BatchDeleter, p.Closer}
	case offers{false, false, true}:
		return struct {
			ports.ObjectStore
			ports.Pinger
			io.Closer
		}{p.Store, p.Pinger, p.Closer}
	}
	return struct {
		ports.ObjectStore
		io.Closer
	}{p.Store, p.Closer}
}
