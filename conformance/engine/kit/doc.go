// Package kit tests the conformance kit: with adapters that are good, which it
// must pass, and with adapters that are broken on purpose, each of which it
// must fail by the clause that it breaks. A test makes sure that every clause
// of every port has such a broken adapter, so that no check can lose its teeth
// unseen.
//
// The package holds tests alone.
package kit
