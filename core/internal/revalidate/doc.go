// Package revalidate reads objects through a cache that is asked first and
// believed last: the store is asked for the object unless it is at the version
// that the cache has, and only the store's "not modified" makes the cached bytes
// the answer. So an answer is never stale, whatever the cache forgot, kept too
// long or made up; a hit saves the transfer of the bytes, not the request.
//
// That needs versions that mean the same to the store and the cache: different
// bytes of a key have different versions in one database. Entries therefore
// carry the identity of the database in their names, and a checksum over
// name, version and bytes.
//
// A cache that fails, or takes longer than patience, is left alone for a while.
package revalidate
