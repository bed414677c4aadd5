// Package speed measures the database on files against the system calls that
// it can't do without, in one run: each benchmark has the variants impl=raw,
// the floor, and impl=core. `make bench` prints their ratios, and
// docs/performance.md keeps them.
package speed
