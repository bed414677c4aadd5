package conformance

import (
	"context"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// storeCall is one method of a store with arguments, for clauses that hold for
// all methods.
type storeCall struct {
	name  string
	keyed bool // its error names the key
	do    func(ctx context.Context, key string) error
}

// storeCalls returns a call of every method of s, with each kind of condition,
// and of every optional interface that it has.
func storeCalls(s ports.ObjectStore) []storeCall {
	put := func(cond ports.Condition) func(context.Context, string) error {
		return func(ctx context.Context, key string) error {
			_, err := s.Put(ctx, key, []byte("put by the kit"), cond)
			return err
		}
	}
	list := func(keysOnly bool) func(context.Context, string) error {
		return func(ctx context.Context, prefix string) error {
			for _, err := range s.List(ctx, ports.ListOptions{Prefix: prefix, KeysOnly: keysOnly}) {
				if err != nil {
					return err
				}
			}
			return nil
		}
	}
	calls := []storeCall{
		{"get", true, func(ctx context.Context, key string) error {
			_, err := s.Get(ctx, key, ports.GetOptions{})
			return err
		}},
		{"get with IfNoneMatch", true, func(ctx context.Context, key string) error {
			_, err := s.Get(ctx, key, ports.GetOptions{IfNoneMatch: "v"})
			return err
		}},
		{"put", true, put(ports.Any)},
		{"put if absent", true, put(ports.IfAbsent)},
		{"put if version", true, put(ports.IfVersion("v"))},
		{"delete", true, func(ctx context.Context, key string) error { return s.Delete(ctx, key, ports.Any) }},
		{"stat", true, func(ctx context.Context, key string) error {
			_, err := s.Stat(ctx, key)
			return err
		}},
		{"list", false, list(false)},
		{"list of keys only", false, list(true)},
	}
	return append(calls, optionalCalls(s)...)
}

func optionalCalls(s ports.ObjectStore) (calls []storeCall) {
	if streamer, ok := ports.As[ports.Streamer](s); ok {
		calls = append(calls,
			storeCall{"get stream", true, func(ctx context.Context, key string) error {
				_, body, err := streamer.GetStream(ctx, key, ports.GetOptions{})
				if err == nil {
					err = body.Close()
				}
				return err
			}},
			storeCall{"put stream", true, func(ctx context.Context, key string) error {
				_, err := streamer.PutStream(ctx, key, strings.NewReader("put by the kit"), ports.Any)
				return err
			}})
	}
	if deleter, ok := ports.As[ports.BatchDeleter](s); ok {
		calls = append(calls, storeCall{"delete batch", false, func(ctx context.Context, key string) error {
			errs, err := deleter.DeleteBatch(ctx, []string{key})
			if err == nil && len(errs) > 0 {
				err = errs[0]
			}
			return err
		}})
	}
	if pinger, ok := ports.As[ports.Pinger](s); ok {
		calls = append(calls, storeCall{"ping", false, func(ctx context.Context, _ string) error {
			return pinger.Ping(ctx)
		}})
	}
	return calls
}
