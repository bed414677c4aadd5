// Package memory implements every port in the memory of one process: Store,
// Index, Locker, Counter and Cache. It is what tests of programs run on, and
// the text to read before writing an adapter for a real service: each file is
// one port, and does what its contract says with nothing in the way.
//
// # Opening
//
// NewStore, NewIndex, NewLocker, NewCounter and NewCache take options whose
// zero value is ready to use. By URL, once the package is imported:
//
//	mem://       a store, or index, of its own at each open
//	mem://name   the one of that name, shared by the whole process
//
// A named one keeps its content until the process ends, also while nobody has
// it open; closing closes only the client that was opened.
//
// # Guarantees
//
// Every capability of ObjectStore is there: conditional delete, versions that
// never recur, nested keys, no late writes. Each can be switched off in
// StoreOptions, so that tests can act as S3, MinIO or a store behind a slow
// network. Nothing survives the process.
//
// # Cost
//
// Reads and writes by key and the start of a range are O(log n); see ordered.
// Writes take one lock a store or index for well under a microsecond.
//
// # Limits
//
// Everything is held once, in memory, without a bound; only Cache is bounded.
// GetStream and PutStream hold the whole object.
package memory
