// Package memorywire provides a store and an index in memory to tests that are
// put together by google/wire. It is a module of its own, so that nobody else
// has wire among the modules of a program.
package memorywire
