package encryption

import "time"

// stateAge is how old, at most, the state of a stored keyring is under which
// a process writes. Destroy rests on it: a process that only writes would
// otherwise never learn that its key is going to be destroyed.
const stateAge = time.Minute

// moment is a time by both clocks: the one that never goes back stands still
// while a machine sleeps.
type moment struct {
	elapsed time.Duration
	now     time.Time
}

func (s *source) moment() moment {
	return moment{elapsed: s.clock.Elapsed(), now: s.clock.Now().Round(0)}
}

// fresh reports whether the state is young enough to write under it. A wall
// clock that jumps costs a look at the object.
func (s *source) fresh() bool {
	seen, now := s.seen.Load(), s.moment()
	return seen != nil && now.elapsed-seen.elapsed < stateAge && now.now.Sub(seen.now).Abs() < stateAge
}
