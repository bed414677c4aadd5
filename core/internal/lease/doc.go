// Package lease keeps locks in the object store: one object for each name,
// written by compare-and-swap alone and never deleted, so that its token only
// grows.
//
// # When a held lease may be taken over
//
// Its holder writes the object when it acquires and renews, so the age of the
// object's version is the time since then. A locker takes a lease over once the
// version is older than the ttl and a tenth, which covers clocks that run at
// different speeds. It knows the age in one of two ways, neither of which
// compares clocks of different machines:
//
//   - it has met the version before, and the time since then has passed on its
//     own monotonic clock;
//   - when it meets a name for the first time, it writes a scratch object and
//     compares the modification times of the two. Both come from the clock of
//     the store, less the resolution that they seem to have (S3 rounds to
//     seconds).
//
// So Acquire never waits, and a process that was started after the holder died
// need not watch for a whole ttl. A clock of the store that is set forward
// may end a lease early. That costs exclusion for a moment, which is never
// what safety rests on: the token is.
//
// # What a transaction can rest on
//
// An acquisition is told by its token and the name of its owner, and never
// comes back once the object says something else. So whoever finds it there
// knows that it was there ever since it was acquired, whatever was renewed in
// between. That is what Check answers.
//
//	locker.go    acquire
//	lease.go     the holder's side
//	check.go     whether a lease is still the current one
//	record.go    what the object says
//	sighting.go  how old a version is
//	admin.go     list, info, force release, clean-up
package lease
