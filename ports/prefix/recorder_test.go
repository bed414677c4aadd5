package prefix_test

import (
	"context"
	"iter"

	"github.com/smarterbase/smarterbase/ports"
)

// recorder is a store that answers with what it was asked. The real behaviour
// below a prefix is checked by the conformance kit, on real adapters.
type recorder struct{ ports.ObjectStore }

func (recorder) Get(_ context.Context, key string, _ ports.GetOptions) (ports.Object, error) {
	return ports.Object{}, ports.Fail("get", key, ports.ErrNotFound, nil)
}

func (recorder) Stat(_ context.Context, key string) (ports.ObjectInfo, error) {
	return ports.ObjectInfo{Key: key, Version: ports.Version(key)}, nil
}

func (recorder) List(_ context.Context, o ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		yield(ports.ObjectInfo{Key: "inner prefix " + o.Prefix + " after " + o.StartAfter + " before " + o.EndBefore}, nil)
	}
}

func (recorder) Capabilities() ports.Capabilities { return ports.Capabilities{} }
