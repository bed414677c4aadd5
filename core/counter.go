package core

import (
	"context"
	"errors"
	"iter"

	"github.com/smarterbase/smarterbase/core/internal/counter"
	"github.com/smarterbase/smarterbase/ports"
)

// Counter keeps named integers: Components.Counter, or else counters kept in
// the store, as objects under _sb/counter/. There, Add, Set and Remove cost two
// requests and more while other processes write the same counter at the same
// time, and Value costs one; a store that allows a write a second to one object
// (Google Cloud Storage) allows as many Adds. Names are any text that is at
// most 250 bytes long after escaping.
//
// An Add whose outcome can't be told answers ports.ErrUnknown: it was counted
// once or not at all. Everything else that answers an error was not counted.
func (db *DB) Counter() ports.Counter { return db.counter }

// CounterValue is a counter with its name.
type CounterValue struct {
	Name  string
	Value int64
}

// Counters yields the counters in the store whose names start with prefix, in
// the order of their object keys: one listing, and one request for each. A
// failure comes as the last pair. Where Components.Counter keeps the counters,
// it is ErrUnsupported.
func (db *DB) Counters(ctx context.Context, prefix string) iter.Seq2[CounterValue, error] {
	return func(yield func(CounterValue, error) bool) {
		own, ok := db.counter.(*counter.Counter)
		if !ok {
			yield(CounterValue{}, &Error{Op: "list counters", Kind: ErrUnsupported, Err: errors.New("they are not kept in the store")})
			return
		}
		for value, err := range own.List(ctx, prefix) {
			if err != nil {
				yield(CounterValue{}, readFail("list counters", "", "", err))
				return
			}
			if !yield(CounterValue{Name: value.Name, Value: value.Value}, nil) {
				return
			}
		}
	}
}
