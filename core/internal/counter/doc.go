// Package counter keeps integers in the object store: one object for each
// name, written by compare-and-swap alone. A counter that was removed leaves a
// tombstone, so that no state of it ever recurs.
//
// Calls of one process on one counter take turns, since they would only make
// each other start over; between processes the store decides.
package counter
