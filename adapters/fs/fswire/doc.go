// Package fswire provides the object store on files to programs that are put
// together by google/wire. It is a module of its own, so that nobody else has
// wire among the modules of a program.
//
//	wire.Build(fswire.Set, corewire.Set, …)
package fswire
