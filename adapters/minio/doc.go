// Package minio keeps objects in a bucket of a MinIO server, or of another one
// that speaks the same protocol, through the client library of MinIO. It
// implements ports.ObjectStore, ports.Streamer, ports.BatchDeleter,
// ports.Pinger and io.Closer, and is safe for any number of processes.
//
// # Open
//
//	store, err := minio.Open(ctx, minio.Config{
//		Endpoint: "127.0.0.1:9000", Bucket: "data", AccessKey: "…", SecretKey: "…",
//	})
//
// Open checks what the server really honours with 22 requests on scratch
// objects: create-only, If-Match with the right version (eight writers at once,
// of which one must win), with an old version, where no object exists, and a
// list after a write. What fails one of them is refused with
// ports.ErrUnsupported and the reason. New takes a client that the program has
// already; it must have been made with MaxRetries: 1.
//
// Where conditions hold for puts but not at the end of uploads in parts, streams
// of more than PartSize with a condition are refused with ErrUnsupported.
//
// The URL scheme is "minio": minio://host:port/bucket/prefix. Parameters are
// region, secure (true for https; the default is false), probe (false leaves
// the check out), and bucket and prefix where the path has none. What a URL
// leaves out comes from MINIO_BUCKET, MINIO_SECURE, MINIO_REGION and AWS_REGION.
// The keys come from MINIO_ACCESS_KEY and MINIO_SECRET_KEY, else
// MINIO_ROOT_USER and MINIO_ROOT_PASSWORD, else AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; a URL that holds any is refused.
//
// # Guarantees
//
// Every condition of a put is decided by the server in the same step as the
// write, also at the end of a multipart upload. No request is made twice, not
// even by the client library. The version of an object is its ETag, a hash of
// its content on most servers: it recurs when the content does. Bodies are sent
// with their SHA-256, which the server verifies, also over plain http.
//
// MinIO ignores conditions of deletes, so every one but ports.Any is refused,
// and Capabilities says so.
//
// # Keys
//
// MinIO leaves "a/b" out of listings where "a" is an object. So that no name on
// the server is the folder of another, and every listing is in the order of the
// keys, some keys have a name other than themselves:
//
//   - an object without a known extension (.json, .seg, .log, .bin, .txt, .csv,
//     .png and some 30 more) has a tab appended: the key a is the object "a\t";
//   - a folder that has such an extension has "." and U+10FFFF appended, and so
//     have folders named as what servers keep for themselves;
//   - a backslash is written as "[" and U+10FFFF, and the characters U+10FFFE and
//     U+10FFFF as two.
//
// All keys of the database are their own names. Objects that other programs put
// under other names are left out of lists. A key whose name would have more
// than 1,024 bytes, or a segment of more than 255, is refused with
// ports.ErrInvalidKey.
//
// # Errors
//
//	412, 404 with If-Match                          ErrPrecondition
//	409, 429, 503 SlowDown                          ErrBusy
//	500, 502, 504, 408, 499, a lost answer          ErrUnknown of a write, else ErrUnavailable
//	503 SlowDownWrite or RequestTimeout             the same: some drives may have stored the object
//	any other 503                                   ErrUnknown of a write, else ErrBusy
//	refused, no such host, nothing of a body sent   ErrUnavailable
//	no such bucket, storage full, 400               ErrUnavailable, with the reason
//	404                                             ErrNotFound
//	304                                             ErrNotModified
//	401, 403                                        ErrPermission
//	EntityTooLarge, 413, too many parts             ErrTooLarge
//	416, XMinioInvalidObjectName, KeyTooLongError   ErrInvalidKey
//	501, 405, XMinioParentIsObject                  ErrUnsupported
//
// A context that ends gives its own error to a read, and to a put of whose body
// nothing was sent; any other write answers ErrUnknown. The cause is an
// ErrorResponse of the client library where the server answered.
//
// # Permissions
//
// s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on the
// objects; s3:ListBucket on the bucket, without which an absent object is
// ErrPermission.
//
// # Cost
//
// One request a call. A get of a range of an empty object makes two; a list, one
// for every 1,000 objects, and one more for each folder that it starts below, or
// that it ends below after more than one request, because MinIO may end such a
// list early; a batch of deletes, one for every 1,000 keys; a
// stream of more than PartSize, one for each part and two. An upload takes up to
// four times PartSize of memory, whatever its size.
//
// # Limits
//
// Put takes up to 5 GiB, PutStream up to 10,000 parts. PutStream does not say
// the time of the object. A stream is one attempt: a part that fails ends it.
// A process that is killed in the middle of an upload leaves parts, which MinIO
// removes after a day. Stat may say ErrNotFound of a missing bucket, because
// servers may leave the reason out of answers to HEAD. A bucket with versioning
// keeps old versions until a lifecycle rule removes them.
package minio
