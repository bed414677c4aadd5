package fetch

import (
	"context"
	"iter"
	"sync"
)

// Ordered calls work for each input on up to workers goroutines and yields
// the results in the order of the inputs. At most four results a worker are
// held ahead of the reader. When the reader stops, or after the last result,
// every goroutine has ended before Ordered returns. inputs and work must
// honour their context, which ends when the reader stops.
func Ordered[In, Out any](ctx context.Context, workers int, inputs func(ctx context.Context) iter.Seq[In], work func(ctx context.Context, in In) Out) iter.Seq[Out] {
	return func(yield func(Out) bool) {
		ctx, cancel := context.WithCancel(ctx)
		window := workers * 4
		slots := make([]slot[In, Out], window)
		for i := range slots {
			slots[i].done = make(chan struct{}, 1)
		}
		free := make(chan struct{}, window) // one token for each slot in use
		jobs := make(chan int, window)
		ends := make(chan int, 1) // the number of inputs, once known
		var group sync.WaitGroup
		defer group.Wait()
		defer cancel()

		group.Go(func() { ends <- produce(ctx, inputs(ctx), slots, free, jobs) })
		for range workers {
			group.Go(func() {
				for at := range jobs {
					slots[at].run(ctx, work)
				}
			})
		}
		consume(slots, free, ends, yield)
	}
}

type slot[In, Out any] struct {
	in       In
	out      Out
	panicked any
	done     chan struct{}
}

// run keeps a panic of work for the reader, who can recover from it; here it
// would end the program.
func (s *slot[In, Out]) run(ctx context.Context, work func(ctx context.Context, in In) Out) {
	defer func() {
		s.panicked = recover()
		s.done <- struct{}{}
	}()
	s.out = work(ctx, s.in)
}

// produce hands out the inputs and answers how many there were.
func produce[In, Out any](ctx context.Context, inputs iter.Seq[In], slots []slot[In, Out], free chan<- struct{}, jobs chan<- int) (count int) {
	defer close(jobs)
	for in := range inputs {
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			return count
		}
		at := count % len(slots)
		slots[at].in = in
		jobs <- at
		count++
	}
	return count
}

func consume[In, Out any](slots []slot[In, Out], free <-chan struct{}, ends <-chan int, yield func(Out) bool) {
	end := -1
	for number := 0; end < 0 || number < end; number++ {
		s := &slots[number%len(slots)]
		if end < 0 {
			select {
			case <-s.done:
			case end = <-ends:
				if number >= end {
					return
				}
				<-s.done
			}
		} else {
			<-s.done
		}
		if s.panicked != nil {
			panic(s.panicked)
		}
		out := s.out
		*s = slot[In, Out]{done: s.done}
		<-free
		if !yield(out) {
			return
		}
	}
}
