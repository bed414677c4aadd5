// Package redis runs the Redis adapter against real servers: the contracts of
// an index, a locker, a counter and a cache, what clients and servers meet in
// operation (restarts, failovers, moving slots, eviction, least rights), and
// whole databases whose index is on a Redis that something happens to.
package redis
