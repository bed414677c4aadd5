// Package boltwire provides the index in a file to programs that are put
// together by google/wire. It is a module of its own, so that nobody else has
// wire among the modules of a program.
//
//	wire.Build(boltwire.Set, corewire.Set, …)
package boltwire
