// Package faults wraps a port and makes it fail on purpose, by plan.
//
// A Plan holds rules. A rule says which calls it means (Match) and what
// happens to them:
//
//	plan := faults.New(faults.Options{})
//	store := faults.Store(inner, plan)
//	plan.On(faults.Match{Method: faults.Put, KeyPrefix: "users/", Nth: 3}).LoseAnswer()
//
// One plan can serve any number of stores and indexes; calls are then counted
// across all of them, so that "fail the Nth call for N = 1, 2, …" walks through
// a whole scenario:
//
//	for n := 1; ; n++ {
//		plan := faults.New(faults.Options{})
//		rule := plan.FailNth(n, ports.ErrUnavailable)
//		scenario(faults.Store(newStore(), plan))
//		if rule.Hits() == 0 {
//			break // the scenario has fewer than n calls
//		}
//	}
//
// # What a rule can do
//
//   - Fail, Busy, LoseRequest: nothing is done, the call answers an error.
//   - LoseAnswer: the write is done, its caller is told ErrUnknown.
//   - ApplyLate, ApplyAfter: ErrUnknown now, the write is done later.
//   - Duplicate, Retry, Replay, ReplayAfter: the write is done twice.
//   - Delay, Pause, PauseAfter: the call takes time, or waits for the test.
//   - BreakAfter: a listing or a download breaks off in the middle.
//   - Throttle: at most one write in an interval on one key.
//   - Before, After: any function of the test.
//
// Several rules that hit the same call are nested, the one added first outermost.
// Every rule counts every call that it matches, whether or not another rule
// let it through to the store.
//
// A wrapper whose plan has no rules passes everything through, with the
// capabilities and the optional interfaces (ports.Streamer,
// ports.BatchDeleter, ports.Pinger, io.Closer) of what it wraps, and counts and
// traces the calls.
//
// Everything here is safe for concurrent use.
package faults
