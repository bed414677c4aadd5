// Package gate counts the calls that are inside an adapter, so that what they
// use is released after the last of them and never under one.
package gate
