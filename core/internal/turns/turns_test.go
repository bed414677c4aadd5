package turns_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/smarterbase/smarterbase/core/internal/turns"
)

func TestTurnsComeInTheOrderOfAsking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all turns.Turns
		end, err := all.Take(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		var order []int
		var group sync.WaitGroup
		for i := range 5 {
			group.Go(func() {
				end, err := all.Take(t.Context(), "k")
				if err != nil {
					t.Error(err)
				}
				order = append(order, i) // nobody else has a turn
				end()
			})
			synctest.Wait()
		}
		other, err := all.Take(t.Context(), "another")
		if err != nil {
			t.Fatal(err)
		}
		other()
		end()
		group.Wait()
		if !slices.Equal(order, []int{0, 1, 2, 3, 4}) {
			t.Errorf("the turns came as %v", order)
		}
	})
}

func TestWhoWaitsNoMoreHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all turns.Turns
		end, _ := all.Take(t.Context(), "k")
		impatient, cancel := context.WithCancel(t.Context())
		got := make(chan error)
		go func() {
			_, err := all.Take(impatient, "k")
			got <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		end()
		again, err := all.Take(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		again()
	})
}

// The turn of one whose context ends just when it comes is not lost.
func TestNoTurnIsLost(t *testing.T) {
	t.Parallel()
	var all turns.Turns
	for range 2000 {
		end, _ := all.Take(t.Context(), "k")
		impatient, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if end, err := all.Take(impatient, "k"); err == nil {
				end()
			}
		})
		group.Go(cancel)
		group.Go(end)
		group.Wait()
		end, err := all.Take(t.Context(), "k")
		if err != nil {
			t.Fatal(err)
		}
		end()
	}
}
