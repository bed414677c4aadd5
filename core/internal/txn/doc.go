// Package txn commits transactions over any number of objects, on a store that
// can compare and swap one at a time, and reads objects that a transaction has
// locked.
//
// The protocol is that of models/transactions.py. A transaction locks what it
// writes, by replacing each object with its previous state behind a lock;
// makes sure that what it only read is still so; and then creates one object,
// its decision, which holds all new states. Whoever creates the decision first
// is right: the transaction itself, as committed, or anybody who waited long
// enough, as aborted. All objects change at the one moment in which the
// decision is created. Afterwards anybody can replace the locks by what it says.
//
//	decision.go  what became of a transaction
//	resolver.go  what an object means that may be locked
//	wait.go      patience with transactions under way
//	attempt.go   one run of one transaction: lock, decide, finish
//	abort.go     the end of one that failed
package txn
