package gcs

import (
	"context"

	"github.com/smarterbase/smarterbase/ports"
)

// The operations, as errors name them.
const (
	opGet       = "get"
	opGetStream = "get stream"
	opPut       = "put"
	opPutStream = "put stream"
	opDelete    = "delete"
	opStat      = "stat"
	opList      = "list"
)

// Stat asks for the metadata of an object, in one request.
func (s *bucket) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	return s.stat(ctx, opStat, key)
}

func (s *bucket) stat(ctx context.Context, op, key string) (ports.ObjectInfo, error) {
	if err := s.enter(ctx, op, key); err != nil {
		return ports.ObjectInfo{}, err
	}
	defer s.gate.Leave()
	a := &attempt{bucket: s.name, op: op, key: key}
	a.start(ctx)
	defer a.stop()
	attrs, err := s.handle.Object(key).Attrs(a.ctx)
	if err != nil {
		return ports.ObjectInfo{}, a.fail(err)
	}
	return infoOf(attrs), nil
}
