// Package deadline ends contexts by the clock of the database, as the context
// package does by that of the machine.
package deadline
