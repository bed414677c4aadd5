// Package docs holds the tests of the documentation: the Go code in it
// compiles, the program of the README runs and prints what it should, every
// link leads to a file, and every test that is named is there.
//
// A block of Go code in a page is either a whole file, which begins with its
// package clause, or a fragment: declarations, or statements as they could stand
// in a function that has a ctx and answers an error. Fragments import nothing;
// packages are known by their names.
package docs
