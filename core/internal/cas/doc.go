// Package cas does every conditional write of the database: documents,
// manifests, and what later joins them. It sends one attempt at a time, and
// finds out what became of a write whose answer was lost. Nobody else loops
// over a compare-and-swap.
package cas
