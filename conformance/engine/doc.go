// Package engine proves the database as a whole: module core on every
// combination of adapters, under injected faults, under concurrency, under
// lost and restarted indexes, and under processes that are killed. It holds
// tests only.
//
//	site_test.go        combinations of stores and indexes, and processes on them
//	crud, fidelity, foreign, tag, clock, definition, argument
//	                    what must work on every combination
//	plan_test.go        random queries by random indexes against scans
//	outcome_test.go     lost, late and repeated answers, one by one
//	loss_test.go        indexes that lost something, leases that ran out
//	outage_test.go      indexes that do not answer
//	sweep_test.go       the Nth call fails, for every N
//	linear_test.go      random histories checked for linearizability
//	regime_test.go      the index protocol, simulated over the real code; world,
//	                    process_sim, wire and history are its parts
//	mutant_test.go      rules taken away one by one, which others must notice
//	process_test.go     real processes on files, killed
//	bank_test.go        processes that transfer money in transactions, killed and
//	                    stopped on files and servers; herd and address are its parts
//	claimant_test.go    the same for processes that want the same unique values
//	section_test.go     leases that run out in the middle of what they protect
//	lookup_test.go      lookups beside updates
//	request_test.go     exact numbers of requests
//
// # Longer runs
//
// The environment scales what is random or long; every failure prints the
// seed that repeats it:
//
//	SB_SEEDS=5000   how many seeds the simulations run
//	SB_SEED=77      the first seed
//	SB_LOOKUPS=…    how many lookups run beside updates
//	SB_KILLS=…      how many processes are killed
//	SB_MUTANTS=1    run the mutants, too; they are built with -overlay
package engine
