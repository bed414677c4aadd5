// Package redis keeps indexes, leases, counters and caches in Redis: a single
// server, a Cluster, or what a Sentinel watches. It is the index for several
// processes; documents stay in their object store.
//
// # Open
//
// Dial opens a Client from a Config, which ConfigFromEnv reads from the
// environment and ParseURL from a URL; New makes one of connections that the
// program has already. Index, Locker, Counter and Cache are views of a Client.
// By URL, once the package is imported, urls.OpenIndex opens an index that owns
// its connections:
//
//	redis://user:password@host:6379/0?namespace=app
//	rediss://host?cluster=true&addr=host2,host3        TLS, Cluster
//	redis://sentinel1?addr=sentinel2&master=name       Sentinels
//
// # Guarantees
//
// Each call is one script, sent once: atomic, one round trip whatever the
// number of entries and sets (two if the server does not know the script yet).
// Retries of the SDK are off for every call, also on a client that New was
// given. No call outlives its context; one that was not sent when its context
// ended never is.
//
// An index may lose everything at any time, but never goes on as if it had
// not. Every script checks, in the same step as its work, that
//
//   - the epoch of the space is the caller's, which a flush or an evicted key
//     takes away,
//   - it runs on the process that the space was installed on, with the same
//     history of data (run_id and master_replid), which a restart, a failover, a
//     failback and a slot that moves change,
//   - each set it touches has as many members as the head of the space says, so
//     that a set which was evicted or deleted by hand is missed.
//
// Otherwise it answers ports.ErrStale, and the index is built again from the
// documents. The identity of a Cluster names all its masters; each space is
// judged by the one that serves it.
//
// # Keys
//
// All keys are sb:<namespace>:{<kind>:<name>}:<part>. Names may hold any byte:
// those that separate parts are percent-encoded, so that no two names meet. What
// belongs together has one hash tag, and with it one slot of a Cluster. No key
// of an index expires.
//
//	sb:app:{ix:users}:head       a hash: epoch, identity, counts
//	sb:app:{ix:users}:set:name   a sorted set, all scores 0
//
// # Errors
//
//	not connected, connection or handshake failed, pool full   ErrUnavailable
//	the breaker is open                                        ErrUnavailable, at once
//	sent, and no answer                                        ErrUnknown for writes, ErrUnavailable for reads
//	context ended                                              that of the context, and ErrUnknown for a write that was sent
//	LOADING, BUSY, TRYAGAIN, too many redirections             ErrBusy
//	CLUSTERDOWN, MASTERDOWN, READONLY, NOREPLICAS,
//	MISCONF, OOM, too many clients, a replica                  ErrUnavailable
//	NOAUTH, WRONGPASS, NOPERM                                  ErrPermission
//	a server that evicts, or does not tell who it is           ErrUnsupported
//	more than MaxEntries entries in one call                   ErrTooLarge
//
// The breaker of a Client opens after calls in a row to which the server gave
// no answer, and refuses calls without a request until one of them finds it
// back; see BreakerOptions.
//
// # Permissions
//
// For an index: EVAL, EVALSHA, INFO, HMGET, HGET, HSET, HDEL, HKEYS, HINCRBY, ZADD,
// ZREM, ZCARD, ZRANGEBYLEX, ZLEXCOUNT and UNLINK on keys sb:*. A Cluster also needs
// COMMAND, CLUSTER and READONLY as the SDK uses them.
//
// # Cost
//
// Identity and state of the server are read by two INFO inside each script,
// about 10 µs of its time. An entry of 40 bytes takes about 135 bytes of its
// memory. The README has measurements.
//
// # Limits
//
// A space is in one slot of a Cluster, so on one node. The server does nothing
// else while a script runs: a query without limit over 100,000 entries, or a
// Begin of as many, holds it for tens of milliseconds. A first replica that
// attaches, and the loss of all replicas for an hour, change the replication id:
// indexes are then built again although nothing was lost. Commands that bring
// old data back into a running server (DEBUG RELOAD NOSAVE, RESTORE of old
// keys) can't be seen; do not use them.
package redis
