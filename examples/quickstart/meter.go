package main

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

// meter counts the work that the database does, as its observer.
type meter struct {
	reads   atomic.Int64 // requests for event documents
	indexed atomic.Int64 // documents that builds of indexes have read
}

func (m *meter) observer() ports.Observer {
	return ports.Observer{
		StoreCall: func(ctx context.Context, info ports.StoreCallInfo) (context.Context, func(ports.StoreCallResult)) {
			if info.Method == "get" && strings.HasPrefix(info.Key, eventKeys) {
				m.reads.Add(1)
			}
			return ctx, nil
		},
		IndexBuild: func(_ context.Context, info ports.IndexBuildInfo) {
			if info.Done {
				m.indexed.Add(int64(info.Documents))
			}
		},
	}
}
