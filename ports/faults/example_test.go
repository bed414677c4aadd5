package faults_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/faults"
)

// The answer to the first put of a user is lost: it took effect, but its
// caller can't know, and finds out by a second look.
func Example() {
	plan := faults.New(faults.Options{})
	plan.On(faults.Match{Method: faults.Put, KeyPrefix: "users/"}).LoseAnswer()
	store := faults.Store(newMapStore(), plan)

	ctx := context.Background()
	_, err := store.Put(ctx, "users/1.json", []byte("{}"), ports.IfAbsent)
	fmt.Println(err)
	_, err = store.Put(ctx, "users/1.json", []byte("{}"), ports.IfAbsent)
	fmt.Println(err)
	fmt.Print(plan.Trace())
	// Output:
	// put: outcome unknown: "users/1.json"
	// put: precondition failed: "users/1.json"
	// put users/1.json if absent -> outcome unknown (answer lost)
	// put users/1.json if absent -> precondition failed
}

// A scenario must leave good data behind, whichever of its calls fails.
func ExamplePlan_FailNth() {
	move := func(ctx context.Context, s ports.ObjectStore) error {
		o, err := s.Get(ctx, "from", ports.GetOptions{})
		if err != nil {
			return err
		}
		if _, err := s.Put(ctx, "to", o.Data, ports.Any); err != nil {
			return err
		}
		return s.Delete(ctx, "from", ports.Any)
	}
	ctx := context.Background()
	for n := 1; ; n++ {
		inner := newMapStore()
		_, _ = inner.Put(ctx, "from", []byte("precious"), ports.Any)
		plan := faults.New(faults.Options{})
		rule := plan.FailNth(n, ports.ErrUnavailable)
		err := move(ctx, faults.Store(inner, plan))
		fmt.Printf("call %d fails: %v, %d objects left\n", n, errors.Is(err, ports.ErrUnavailable), len(inner.objects))
		if rule.Hits() == 0 {
			break
		}
	}
	// Output:
	// call 1 fails: true, 1 objects left
	// call 2 fails: true, 1 objects left
	// call 3 fails: true, 2 objects left
	// call 4 fails: false, 1 objects left
}

// A crash is a store that answers nothing any more from some call on.
func ExampleMatch_crash() {
	plan := faults.New(faults.Options{})
	plan.On(faults.Match{Nth: 3, Times: faults.Always}).LoseRequest()
	store := faults.Store(newMapStore(), plan)
	for i := range 4 {
		_, err := store.Put(context.Background(), fmt.Sprint(i), nil, ports.Any)
		fmt.Println(err == nil)
	}
	// Output:
	// true
	// true
	// false
	// false
}
