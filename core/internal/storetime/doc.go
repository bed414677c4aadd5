// Package storetime asks a store what time it is, and judges by the answer how
// old an object is. Modification times come from the clock of the store, so
// neither the clock of this machine nor that of the writer matters.
//
//	age.go      how old, at least
//	clock.go    what time it is
package storetime
