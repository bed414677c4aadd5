// Package ports holds the interfaces between the database (module core) and
// the services it runs on: object stores, indexes, lockers, counters, caches.
//
// A port is a small interface with a written contract. The contract promises
// in both directions: MUST says what an adapter owes its caller, and MAY and
// "the caller" say what an adapter can rely on. Every MUST carries a clause
// id such as [OS-PUT-3]; the conformance kit (module conformance) holds a
// test for each id, and names the id when an adapter breaks it.
//
// # Rules for every port
//
//   - All methods are safe for concurrent use by many goroutines.
//   - The context comes first and is honoured: a call whose context is done
//     before it starts changes nothing and answers an error that matches
//     ctx.Err(). A call whose context ends while it runs returns soon.
//   - One call is one attempt. Adapters never retry a conditional write or the
//     Install of an index, and switch off the retries of their SDK for them: a
//     repeated request that had already succeeded would answer "precondition
//     failed" for one's own success, and an Install that arrives late would make
//     an index that lost everything valid again. Retries belong to core.
//   - A failure is one of the outcomes in errors.go, wrapped once in *Error.
//   - Byte slices handed in stay the caller's: an adapter neither keeps nor
//     changes them after it returns. Byte slices handed out are the caller's
//     from then on.
//   - Strings of the type Version, identities and epochs are opaque: compared
//     for equality, never parsed by anyone but their maker.
//
// # Growth
//
// No method is ever added to an interface that others implement. New ability
// is a new small interface, found through As, or a field of Capabilities.
//
// The package imports the standard library alone, in its tests too.
package ports
