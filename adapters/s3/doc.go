// Package s3 keeps objects in a bucket of Amazon S3, or of a server that speaks
// its protocol, through aws-sdk-go-v2. It implements ports.ObjectStore,
// ports.Streamer, ports.BatchDeleter, ports.Pinger and io.Closer, and is safe
// for any number of processes at once.
//
// # Open
//
//	store, err := s3.Open(ctx, s3.Config{Bucket: "photos", Region: "eu-central-1"})
//
// makes a client with the default credentials; New takes one that is there. The
// URL scheme is "s3": s3://bucket/prefix, with the parameters region, endpoint,
// path_style (auto, true, false), checksum (auto, crc, md5, none) and probe
// (true, false). Credentials come from the environment, never from the URL.
//
// Open and New find out with about forty requests on scratch keys below
// _sb/probe/ what the server honours. One that overwrites what should only be
// created, replaces under a wrong version, lets two of eight creates win, or
// lists late or out of order is refused with the reason. What else servers
// differ in is in Store.Facts. SkipProbe takes Facts for given.
//
// # Guarantees
//
// Conditions are decided by the server, in the request that writes: If-Match
// and If-None-Match of PutObject, of the end of an upload in parts, and of
// DeleteObject. A call is one attempt: the SDK's retries are off. Parts of
// uploads alone are sent again, because they change no object.
//
// A version is the ETag, with its quotes. It is a hash of the bytes, so it comes
// back when the bytes do: Capabilities says that versions are not unique.
//
// A conditional delete needs a server that honours it (Amazon S3 does, MinIO and
// R2 delete) and is refused elsewhere. Where a server answers "done" for an
// object that is not there, deletes of one version in one process take turns,
// and two processes that delete the same version at the same instant may both
// be told that they did.
//
// # Keys
//
// The key of an object is its key in the bucket, below the prefix. "a" and "a/b"
// exist side by side where the server lets them (Amazon S3). File-backed servers
// refuse the second one. MinIO takes both and leaves one out of lists: there a
// put looks at the neighbours of a key, except for a plain key, whose last
// segment alone has an extension, as in users/1.json. The look and the put are
// two steps, and a plain key that is put below an object without an extension
// ("users/1.json" below "users"), or is itself the folder of another
// ("a.json" over "a.json/b"), is not noticed. No key of module core is like that.
//
// Servers that keep objects as files have names of their own: those with .sgwtmp
// are refused on a server that the probe found to be file-backed (versitygw), as
// are keys with U+FFFE or U+FFFF, which it lists under another character;
// MinIO refuses segments that begin with "..\". All are ErrInvalidKey.
// Lists pass over keys that ports.ValidateKey refuses, such as the folder marks
// of some programs.
//
// # Errors
//
//	412; 404 of a write under a version     ErrPrecondition, decided
//	409, 429, 503 SlowDown                  ErrBusy, nothing was decided
//	400 RequestTimeout (the body's)         ErrBusy
//	no answer to a write, or 500, 502, 504  ErrUnknown
//	408, 499, any other 503 to a write      ErrUnknown
//	no connection; no answer to a read      ErrUnavailable
//	no such bucket, another region          ErrUnavailable, with the bucket's name
//	304, 404, 416                           ErrNotModified, ErrNotFound, ErrInvalidKey
//	401, 403, expired credentials           ErrPermission
//	413, EntityTooLarge                     ErrTooLarge
//	other refusals                          ErrUnsupported, with the server's code
//	a checksum that differs                 ErrCorrupt
//
// A context that ends gives its own error to reads, and to writes of which
// nothing was sent; to other writes it gives ErrUnknown. The cause, with the
// status and the request id, is there under errors.As (smithy.APIError).
//
// # Permissions
//
// s3:GetObject, s3:PutObject and s3:DeleteObject on the objects, s3:ListBucket
// on the bucket, s3:AbortMultipartUpload on the objects. Without s3:ListBucket an
// absent object is ErrPermission. Credentials that may only read need SkipProbe.
//
// # Cost
//
// One request for each call, a list one for each thousand objects, a stream that
// is greater than a part one for each part and two more. More on servers that
// the probe found to be lesser: a conditional delete one more where MissingDelete
// is false; a range, a stream and a get of more than 64 KiB one more on
// file-backed servers; a put of a key that could nest one for each segment on
// MinIO. There a list, too, makes two more for each folder that it starts below,
// or that it ends below after more than one request, because MinIO may end such
// a list early and say that it is complete.
//
// # Limits
//
// Put takes up to 5 GiB, PutStream up to ten thousand parts, which grow from 8 MiB
// and are 7.8 TiB together; the first thousand are in memory, PartSize times
// Parallel, later ones in temporary files. Directory buckets do not list in
// order and are refused. Parts of uploads whose end is unknown, or whose process
// died, stay until a lifecycle rule (AbortIncompleteMultipartUpload) removes
// them. A dial that is under way when its request ends goes on for up to ten
// seconds.
package s3
