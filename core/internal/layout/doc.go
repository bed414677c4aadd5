// Package layout says where things are: it maps collections and document ids
// to object keys and back.
package layout
