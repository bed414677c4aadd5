// Package bolt implements an Index, and a Counter, in files for one process,
// on go.etcd.io/bbolt. It is the index of the embedded set-up: documents in a
// folder, their index in a file beside them, no server.
//
// # Opening
//
// Open takes the path of the file; the folder is made if need be. By URL, once
// the package is imported:
//
//	bolt://./data/.sb/index.bolt     relative to the working directory
//	bolt:///var/lib/app/index.bolt   absolute
//
// Close it. A process that ends without Close leaves a file that is not
// trusted, and the index is built again from the documents.
//
// # One process
//
// The file is locked while it is open. A second Open, in this process or
// another one, is refused after about 200 ms with ports.ErrUnavailable and a
// message that says so.
//
// # Crashes
//
// An index is a cache: it may lose everything, but must not lose something and
// go on as if it had not. So nothing is synced while the index is in use. When
// a file is opened, the mark "open" is made durable first; Close syncs
// everything, and then makes the mark "clean" durable, bound to the very
// transaction that wrote it. A file that has another mark, or can't be read,
// is replaced by an empty one with a new identity, which is what tells its
// users to build it again. That holds for a killed process, a crashed machine
// and a power failure that left any mixture of old and new pages.
//
// Changes gather in memory before they go to the file, see Options.Pending: a
// page is then written once for many of them.
//
// # Counters
//
// Counter keeps its values in a second file, path + ".counters". Values can't
// be rebuilt, so that file is synced at every write, and never replaced.
//
// # Limits
//
// bbolt has no checksums on its data pages. Open checks the structure of a
// file that was closed cleanly, which finds torn and misplaced pages, but not
// a bit that flipped inside an entry. Do not put an old copy of an index file
// back in place: it would say that it was closed cleanly, which was true once.
// Delete the file instead; the index is then built again.
//
// A query holds up writes while it reads; one of 100,000 entries takes some
// ten milliseconds.
package bolt
