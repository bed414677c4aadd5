// Package simulation proves the database by histories that are drawn from
// seeds: several clients, each a core.DB of its own with a clock of its own,
// work on one store and one index in memory, and every call that leaves a
// client waits until a scheduler lets it go. The scheduler interleaves the
// calls at random. It loses requests and answers, delivers them late or twice,
// answers that a service is busy, stops clients for a while, kills them between
// any two calls, and lets the index lose what it knows.
//
// Behind all of that a recorder keeps what was really stored, and when. At the
// end each history is checked against it: that some order of the operations
// explains every answer (strict serializability, predicate reads included),
// that nothing is lost, double, torn or was refused and yet happened, that the
// totals are right, and that a fresh client can read and write everything.
//
// One seed is one history: it is the same each time. One that fails is shrunk,
// and told as a story.
//
//	go test .                            10,000 histories of each workload
//	SB_SEEDS=1000000 go test -timeout 0  more of them
//	SB_SEED=4711 SB_SEEDS=1 go test -run TestRegisters
//
// The mutants take one rule of a protocol away and demand that a workload
// notices; SB_MUTANTS=1 builds and runs them.
package simulation
