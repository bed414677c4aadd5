// Package gcs keeps objects in a bucket of Google Cloud Storage, or of another
// server with the same JSON API. It implements ports.ObjectStore,
// ports.Streamer, ports.Pinger and io.Closer, and is safe for any number of
// processes at once.
//
// # Open
//
//	store, err := gcs.Open(ctx, gcs.Config{Bucket: "my-bucket", Prefix: "app"})
//
// Open uses the application default credentials. With an endpoint, or with
// STORAGE_EMULATOR_HOST in the environment, it sends none unless they are
// given. New takes a client of the caller's. The URL scheme is "gs":
// gs://bucket/prefix, with the parameters endpoint, auth (default or none),
// user_project, chunk_size (in bytes) and probe (on or off).
//
// Open checks on scratch objects below "_sb/probe/", in about 20 requests, that
// the server keeps conditions: emulators exist that accept them and overwrite
// all the same. Such a server is refused, with the reason.
//
// # Guarantees
//
// The version of an object is its generation, which the server never gives
// twice to one name. The server checks the condition of a put, of a stream and
// of a delete in the step that applies it. Every call but PutStream is one
// request, and no request that can change an object is ever repeated: the
// retries of the client are switched off, because an answer that was lost
// would make a repeated request fail on its own success. (A range of an empty
// object takes two.)
//
// Uploads carry a CRC-32C that the server checks, and downloads of whole
// objects are checked against it. What is read are the bytes that are stored,
// also where another program stored them with "Content-Encoding: gzip". A
// download whose connection breaks goes on at the same generation, up to five
// times, or fails.
//
// PutStream sends up to 256 KiB in one request, and more as a resumable upload
// in chunks of ChunkSize, which is also the memory that it takes. Chunks before
// the last one are sent again after a passing failure, up to six times each.
// The last one makes the object visible, under the condition, and is sent
// once. An upload that is given up leaves nothing that can be seen or that
// costs; the server forgets it after a week.
//
// # Keys
//
// A key is the name of an object, with the prefix and a slash before it. All
// keys that ports.ValidateKey accepts work, also "a" beside "a/b". There are no
// folders.
//
// # Errors
//
//	answer                                     read            write
//	304                                        ErrNotModified
//	400                                        ErrInvalidKey   the same
//	400 for a checksum                                         ErrUnavailable
//	401, 403, tokens that are refused          ErrPermission   the same
//	403 rateLimitExceeded, 409, 429            ErrBusy         the same
//	404 for the object                         ErrNotFound     ErrPrecondition, or nil
//	404 for the bucket                         ErrUnavailable  the same
//	412                                                        ErrPrecondition
//	413                                        ErrTooLarge     the same
//	416                                        ErrInvalidKey
//	408, 503                                   ErrBusy         ErrUnknown
//	other 5xx                                  ErrUnavailable  ErrUnknown
//	301, 302, 303                              (followed)      ErrUnavailable
//	no answer                                  ErrUnavailable  ErrUnknown
//	no connection, no token                    ErrUnavailable  the same
//	a wrong checksum                           ErrCorrupt
//
// Google does not promise that a write it answers with 503 was not applied,
// so that is ErrUnknown. A stream whose last chunk has not been sent changes
// nothing: its failures are those of the column for reads. A context that ends
// answers its own error, or ErrUnknown if a write may have been sent.
// The error of a bucket that does not exist names it.
//
// # Permissions
//
// storage.objects.create, delete, get and list, as in the role
// roles/storage.objectUser. Delete is also needed to replace objects; without
// list, an object that is absent is ErrPermission. Nothing is asked about the
// bucket itself. Credentials that may only read need SkipProbe.
//
// # Cost
//
// Puts and pages of lists, of 1,000 objects each, are operations of class A,
// gets and stats of class B, deletes are free. A stream takes one operation of
// class A and a request for each chunk.
// Google's client has no request that deletes many objects, so the package is
// no ports.BatchDeleter: it would save nothing.
//
// # Limits
//
// Google lets about one write a second through to one name, and answers others
// with 429, which is ErrBusy. Those who write one object more often than that
// must back off for a second and more; core does where its RetryBase is
// set to 250 ms. Objects have up to 5 TiB. A retention policy or an object hold makes
// deletes and replacements ErrPermission. Clients for gRPC are not supported.
package gcs
