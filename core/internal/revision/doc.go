// Package revision makes and reads revisions: the identity of one write of
// one document, its logical version, and part of its index entries.
package revision
