// Package unique keeps values from being held by two documents of a collection.
//
// The protocol is that of models/unique.py and models/unique_tx.py. For each
// value there is one object, its claim, which names a document and the state on
// which that document's write is based. A claim is a hint whose truth is the
// document: it is held if the document has the value, pending while the document
// is still in that state, and otherwise dead, for ever. A writer claims the
// values that are new in its document and then writes that by
// compare-and-swap, which is the point of commitment. Whoever meets a pending
// claim of another moves that document off its state, content and revision
// as they are, so that the write which the claim was made for can't come any more.
//
//	definition.go  what a constraint is: data in the collection's manifest
//	normalize.go   spellings that count as one value
//	value.go       from a document to its values
//	need.go        the values that a write adds
//	claim.go       the object of a value
//	judge.go       what a claim means now
//	free.go        meeting a claim: wait, fence, take over
//	take.go        the claims of a plain write
//	release.go     away with dead claims
//	scan.go        all documents and claims of a collection
package unique
