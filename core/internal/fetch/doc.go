// Package fetch reads many objects at once: bounded, in order, and without
// leaving a goroutine behind when the reader stops early.
package fetch
