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
// judged by the one that serves it. Query and Count may write one HDEL when
// they find a set lost, which makes all other calls on the space stale, too.
//
// A lease is a promise of politeness; safety comes from its token, which the
// protected resource checks. Tokens of a name only grow: with
// LockerOptions.Epoch across every loss of memory of Redis (a restart from an
// old snapshot, a failover, a flush), without it as long as the clock of the
// server is not behind the last token after such a loss. A partition with an
// old master can give two leases at once; the older token is refused.
//
// Epochs come from a store that loses nothing, such as the counters that a
// database keeps among its documents (core.Components.Counter left out: one in
// Redis would be lost with the leases). The counter is raised by one for each
// loss; nobody may set or remove it:
//
//	redis.LockerOptions{Epoch: func(ctx context.Context) (uint64, error) {
//		n, err := db.Counter().Add(ctx, "redis-lock-epoch", 1)
//		return uint64(n), err
//	}}
//
// A counter is what Redis remembers: what it had not written to disk, or to
// the replica that takes over, is lost. No Add is sent twice. A cache never
// answers with what another process of Redis, or another history of data,
// stored.
//
// # Keys
//
// All keys are sb:<namespace>:{<kind>:<name>}:<part>. Names may hold any byte:
// those that separate parts are percent-encoded, so that no two names meet. What
// belongs together has one hash tag, and with it one slot of a Cluster. Only
// those of caches expire.
//
//	sb:app:{ix:users}:head       a hash: epoch, identity, counts
//	sb:app:{ix:users}:set:name   a sorted set, all scores 0
//	sb:app:{lock:}:leases        a hash: name → token, owner, holder
//	sb:app:{lock:}:ends          a sorted set: names by the end of their lease in µs
//	sb:app:{lock:}:fence         a hash: the last token and, with epochs, the node that gave it
//	sb:app:{counter:0}           to 15, hashes: name → value
//	sb:app:{cache:name}:cache    a hash: node, value; expires
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
//	a lease that is held by another; that was lost             ErrBusy; ErrLost
//	LockerOptions.Epoch failed, or did not grow                ErrUnavailable
//	a counter that overflows; that is no number                ErrTooLarge; ErrCorrupt
//	nothing is cached, or no such counter                      ErrNotFound
//
// The breaker of a Client opens after calls in a row to which the server gave
// no answer, and refuses calls without a request until one of them finds it
// back; see BreakerOptions.
//
// # Permissions
//
// On keys sb:*: EVAL, EVALSHA and INFO, and
//
//	index    HMGET, HGET, HSET, HDEL, HKEYS, HINCRBY, ZADD, ZREM, ZCARD,
//	         ZRANGEBYLEX, ZLEXCOUNT, UNLINK
//	locker   HGET, HSET, HDEL, HMGET, HEXISTS, DEL, TIME, ZSCORE, ZADD, ZREM,
//	         ZRANGEBYSCORE
//	counter  HINCRBY, HGET, HSET, HDEL, HSCAN
//	cache    HMGET, HSET, PEXPIRE, DEL
//
// A Cluster also needs CLUSTER, and a database other than 0 SELECT.
//
// # Cost
//
// A call is one round trip; an Acquire that finds the memory of Redis lost and
// has a source of epochs makes three more, and asks the source. A List makes
// one for 500 leases and one that finds no more. Names makes one for about 500
// counters, at least sixteen. The scripts of indexes, caches and epochs ask the
// server who it is, by two INFO. An entry of 40 bytes takes about 135 bytes of
// its memory. The README has measurements.
//
// # Limits
//
// A space is in one slot of a Cluster, so on one node, and all leases of a
// namespace are. Without memory leases can be released, and neither taken nor
// renewed. There are 4,194,304 epochs of 1.1e12 tokens.
//
// The server does nothing else while a script runs: a query without limit over
// 100,000 entries, or a Begin of as many, holds it for tens of milliseconds. A
// first replica that attaches, and the loss of all replicas for an hour, change
// the replication id: indexes are then built again although nothing was lost.
// Commands that bring old data back into a running server (DEBUG RELOAD NOSAVE,
// RESTORE of old keys) can't be seen; do not use them.
package redis
