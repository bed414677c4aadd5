// Package miniowire provides the object store on MinIO to programs that are put
// together by google/wire. It is a module of its own, so that nobody else has
// wire among the modules of a program.
package miniowire
