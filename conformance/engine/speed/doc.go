// Package speed measures the database on files against the system calls that
// it can't do without, in turns in one run: see conformance.Compare for the
// metrics. `make bench` runs it, and docs/performance.md keeps the figures.
package speed
