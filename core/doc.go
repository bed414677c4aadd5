// Package core is a document database on any object store: typed collections,
// queries, indexes and batches, with every write a compare-and-swap by the
// store itself. It imports the standard library and module ports, and knows no
// particular store; adapters bring them.
//
//	store, err := fs.Open(ctx, "./data", fs.Options{})
//	db, err := core.Open(ctx, store, core.Options{})
//	users, err := core.NewCollection[User](ctx, db, "users")
//	ann, err := users.Create(ctx, "", User{Name: "Ann"})
//
// # Documents
//
// A document is one JSON object under one key of the store, such as
// users/42.json, that other tools can read. Its first members are the
// system's: _rev, the revision of the last write, and _v, the version of its
// schema. The rest is the user's. Numbers keep their precision and spelling, and members that a Go
// type does not know survive when it is written. A deleted document leaves a tombstone, which reads
// as absent. Documents that were put there by other means can be read, and
// get a revision with their first write.
//
// # What holds
//
//   - The objects are the truth. An index can be lost at any time; it is built
//     anew from them.
//   - No update is lost: a write takes effect on exactly the state that it was
//     computed from, or answers ErrConflict, or starts over.
//   - An index never makes a query wrong. Every document that matches
//     throughout a query is returned, and none that fails throughout is. Where
//     the index can't be trusted, the query reads all documents, and its Profile
//     says so and why.
//   - A write whose answer was lost is looked up, and reported as
//     ErrOutcomeUnknown if that can't tell either. It is never guessed.
//   - Nothing that must be right rests on a wall clock.
//
// # Beyond documents
//
// DB.Lock and DB.Locker hand out leases with fencing tokens, DB.Counter keeps
// integers, DB.Sequence numbers things, and DB.Blobs holds files of any size.
// All of them live in the store itself, and need nothing else; leases and
// counters can be kept elsewhere by Components. Components.Cache saves the
// transfer of documents that have not changed.
//
// # Errors
//
// Every error is an *Error, or a *DocumentErrors where a call is about many
// documents, and matches one of these under errors.Is:
//
//	ErrNotFound        there is no such document
//	ErrExists          fix the call: there is one already
//	ErrConflict        read again, and retry
//	ErrUnavailable     back off: store or index do not serve this now
//	ErrOutcomeUnknown  read, and decide
//	ErrInvalid         fix the argument, the value or the definition
//	ErrCorrupt         repair: what is stored is no document
//	ErrPermission      fix the credentials
//	ErrUnsupported     the store, or this version, can't do that
//	ErrNotModified     what was read before is still current
//	ErrClosed          the database was closed
//
// or the error of the context.
//
// # What it costs
//
// Requests to the store: Get, Exists and Create 1; Put, Update, Patch and
// Delete 2; a conditional write with a revision from the last minute 1. On
// collections with indexes one round trip to the index before the write,
// whatever the number of indexes, and one in the background after it, shared by many
// writes. A query by index costs one round trip and one request for each
// candidate; without an index, a listing and one request for each document.
// Each process also reads the index manifest of a collection that it
// writes to: at most once in ten seconds, once in a second on stores without a network.
//
// # Limits
//
// Ids are any text without NUL, at most 250 bytes after escaping; keys of the
// store at most 1,024 bytes. An index has at most eight fields, and a document
// at most 1,000 entries in one. Values beyond 1,600 bytes are cut in an index, which
// costs reads, not correctness.
//
// # Concurrency
//
// All types are safe for concurrent use, by any number of processes on one
// store. Goroutines in the background belong to the DB and end with Close.
package core
