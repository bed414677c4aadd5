package core

import (
	"context"
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
)

// Sequence hands out numbers, each of them once. It is safe for concurrent
// use. All Sequences of one name in a DB share what they reserved.
type Sequence struct {
	db    *DB
	block int64
	state *sequenceState
}

// sequenceState is what a process has reserved of a sequence.
type sequenceState struct {
	counter string
	turn    chan struct{} // holds a token while a call is under way, which guards:
	last    int64         // that was handed out, or will be no more
	end     int64         // the last one that is reserved
}

// maxBlock keeps mistakes from using up the numbers.
const maxBlock = 1 << 32

// Sequence opens the sequence of a name, whose first number is 1. It reserves
// block numbers at a time, 1 to 2^32, with one Add to the counter "sequence/"
// and the name, and hands them out from memory. So numbers are unique among all
// processes and grow within each one, but between processes they are not in
// the order of time, and there are gaps: what a process has reserved and not
// handed out when it ends is never used. A block of 1 leaves gaps only where
// an answer of the counter was lost.
func (db *DB) Sequence(name string, block int64) (*Sequence, error) {
	if name == "" || block < 1 || block > maxBlock {
		return nil, invalid("open sequence", "", "", "sequence %q: a name and a block of 1 to %d are needed, not of %d", name, int64(maxBlock), block)
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	state := db.sequences[name]
	if state == nil {
		state = &sequenceState{counter: "sequence/" + name, turn: make(chan struct{}, 1)}
		db.sequences[name] = state
	}
	return &Sequence{db: db, block: block, state: state}, nil
}

// Next returns the next number. It makes requests only where the block is
// used up. Calls that wait for the same block share it.
func (s *Sequence) Next(ctx context.Context) (int64, error) {
	err := s.db.checkOpen("sequence", "", "")
	if err == nil {
		err = readFail("sequence", "", "", ports.ContextDone(ctx, "sequence", s.state.counter))
	}
	if err != nil {
		return 0, err
	}
	select {
	case s.state.turn <- struct{}{}:
		defer func() { <-s.state.turn }()
	case <-ctx.Done():
		return 0, readFail("sequence", "", "", ports.ContextDone(ctx, "sequence", s.state.counter))
	}
	if s.state.last == s.state.end {
		if err := s.reserve(ctx); err != nil {
			return 0, readFail("sequence", "", "", err)
		}
	}
	s.state.last++
	return s.state.last, nil
}

// reserve may try again after an answer that was lost: that leaves a gap, and
// never gives a number twice.
func (s *Sequence) reserve(ctx context.Context) error {
	var end int64
	err := s.db.registers.Retry.Do(ctx, "sequence", s.state.counter, func() (err error) {
		end, err = s.db.counter.Add(ctx, s.state.counter, s.block)
		return err
	})
	if err != nil {
		return err
	}
	first := end - s.block + 1
	if first <= s.state.last {
		return fmt.Errorf("%w: the counter %q was set back, numbers would be given out twice", ports.ErrCorrupt, s.state.counter)
	}
	s.state.last, s.state.end = first-1, end
	return nil
}
