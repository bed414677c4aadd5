// Package encryptionwire provides an encrypted object store to programs that
// are put together by google/wire. It is a module of its own, so that nobody
// else has wire among the modules of a program.
//
// Wire knows one ports.ObjectStore, which is the encrypted one. So the store
// below has a type of its own, and its provider is taken without its set:
//
//	func inner(s *s3.Store) encryptionwire.Inner { return encryptionwire.Inner{ObjectStore: s} }
//
//	wire.Build(s3wire.Open, inner, encryptionwire.Set, …)
package encryptionwire
