// Package conformance is the kit that says whether an adapter keeps the
// contracts of package ports.
//
// TestObjectStore, TestIndex, TestLocker, TestCounter and TestCache each take a
// harness: a struct of functions that make the adapter under test. Every MUST
// of a contract carries a clause id such as [OS-PUT-3], and the kit has exactly
// one check for each id, run as a subtest of that name:
//
//	go test -run 'TestStore/OS-PUT-3'
//
// A failure prints the id, the text of the clause, and the file and line of its
// check, so that the author of an adapter needs nothing but this module. At
// the end a table says for each clause whether it passed, was proven to be
// unsupported (the store says that it can't, and refuses), does not apply, or
// was waived.
//
// # Reading the kit
//
// Each file holds the clauses of one area, as a table of id, text and check,
// followed by the checks. A check is a function of a *T, which is a testing.TB,
// and of the harness. Nothing else is needed to understand it: there is no
// fixture and no order between checks.
//
// # Time
//
// Checks of races run a bounded number of rounds, with totals that must be
// exact. They find most violations on most runs, not all of them on all runs;
// run the kit under the race detector, and many times, before a release.
//
// The package imports the standard library and ports alone, in its tests too.
package conformance
