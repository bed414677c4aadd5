package faults

import (
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

// assemble gives a store the optional interfaces that the inner store has. Go
// has no way to add methods to a value, so every combination is a type: first
// what a store may have of its own, then what every port may have.
func assemble(s *store) ports.ObjectStore {
	w := streamer{plan: s.plan}
	x := batchDeleter{plan: s.plan}
	var streams, batches bool
	w.inner, streams = ports.As[ports.Streamer](s.inner)
	x.inner, batches = ports.As[ports.BatchDeleter](s.inner)
	c := connectionOf(s.inner, s.plan)
	switch {
	case streams && batches:
		return streamingBatching{s, w, x}.connect(c)
	case streams:
		return streaming{s, w}.connect(c)
	case batches:
		return batching{s, x}.connect(c)
	}
	return plain{s}.connect(c)
}

type (
	plain     struct{ *store }
	streaming struct {
		*store
		streamer
	}
	batching struct {
		*store
		batchDeleter
	}
	streamingBatching struct {
		*store
		streamer
		batchDeleter
	}
)

// connection holds what every port may have.
type connection struct {
	pinger
	closer
	pings, closes bool
}

func connectionOf(inner any, plan *Plan) connection {
	c := connection{pinger: pinger{plan: plan}, closer: closer{plan: plan}}
	c.pinger.inner, c.pings = ports.As[ports.Pinger](inner)
	c.closer.inner, c.closes = ports.As[io.Closer](inner)
	return c
}

func (s plain) connect(c connection) ports.ObjectStore {
	switch {
	case c.pings && c.closes:
		return struct {
			plain
			pinger
			closer
		}{s, c.pinger, c.closer}
	case c.pings:
		return struct {
			plain
			pinger
		}{s, c.pinger}
	case c.closes:
		return struct {
			plain
			closer
		}{s, c.closer}
	}
	return s
}

func (s streaming) connect(c connection) ports.ObjectStore {
	switch {
	case c.pings && c.closes:
		return struct {
			streaming
			pinger
			closer
		}{s, c.pinger, c.closer}
	case c.pings:
		return struct {
			streaming
			pinger
		}{s, c.pinger}
	case c.closes:
		return struct {
			streaming
			closer
		}{s, c.closer}
	}
	return s
}

func (s batching) connect(c connection) ports.ObjectStore {
	switch {
	case c.pings && c.closes:
		return struct {
			batching
			pinger
			closer
		}{s, c.pinger, c.closer}
	case c.pings:
		return struct {
			batching
			pinger
		}{s, c.pinger}
	case c.closes:
		return struct {
			batching
			closer
		}{s, c.closer}
	}
	return s
}

func (s streamingBatching) connect(c connection) ports.ObjectStore {
	switch {
	case c.pings && c.closes:
		return struct {
			streamingBatching
			pinger
			closer
		}{s, c.pinger, c.closer}
	case c.pings:
		return struct {
			streamingBatching
			pinger
		}{s, c.pinger}
	case c.closes:
		return struct {
			streamingBatching
			closer
		}{s, c.closer}
	}
	return s
}
