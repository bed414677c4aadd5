// Package index keeps the indexes of a collection in step with its documents,
// and tells queries when an index can't be trusted.
//
// The protocol is that of models/indexes.py: entries are added before the
// document is written and carry its revision; the entries of the old revision
// are removed after. An index is believed only while its epoch and identity
// are those that the collection's manifest names; the manifest is held under
// a lease by writers, and read again by queries after the index answered.
//
//	manifest.go    what a collection's indexes are: data in the object store
//	holder.go      the manifest as this process knows it, and its lease
//	entries.go     from a document to its entries
//	writer.go      before and after each write of a document
//	partition.go   spaces that are divided by document id
//	ender.go       removal of old entries in the background
//	regime.go      what happens when index and manifest disagree
//	builder.go     filling an index from the documents
//	candidates.go  which documents may match
package index
