// Command repo keeps the repository in order: it knows the modules (from
// modules.txt), runs work in each of them, and holds the rules that no
// compiler checks.
//
//	go -C tools run ./repo -root .. <command> [flags] [arguments]
//
// Each check is a table of rules, readable as data at the top of its file,
// and a function that answers findings. Without arguments it lists its
// commands. The Makefile is the usual way to call it.
package main
