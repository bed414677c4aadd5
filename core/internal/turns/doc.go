// Package turns lets the goroutines of one process take turns at something, in
// the order in which they asked. It is for politeness: those who would get in
// each other's way at the store wait here instead, where waiting is cheap.
package turns
