package services

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
)

// PrivateRedis is a server for one test, which may flush, configure, end and
// start it. It writes every command to its log before it answers, so that
// Restart after Kill finds everything that was acknowledged; RestartEmpty
// finds nothing.
type PrivateRedis struct {
	RedisServer
	Control
}

// FreshRedis starts a Redis server for this test alone.
func FreshRedis(t testing.TB) *PrivateRedis {
	t.Helper()
	return freshRedis(t, privateRecipe())
}

func freshRedis(t testing.TB, r *recipe) *PrivateRedis {
	t.Helper()
	c := fresh(t, r)
	return &PrivateRedis{RedisServer: newRedis(c.server.addr), Control: c}
}

// privateRecipe runs a server that keeps its data; further arguments override
// that.
func privateRecipe(further ...string) *recipe {
	return redisRecipe(nameRedis, append([]string{"--appendonly", "yes", "--repl-diskless-sync-delay", "0"}, further...)...)
}

// Do sends one command on a new connection and returns the answer: a string,
// an int64, nil, or a list of those. An error of the server fails the test.
func (r *PrivateRedis) Do(args ...string) any {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	said, err := redisDo(ctx, r.Addr, "", "", args...)
	if err != nil {
		r.t.Fatalf("%s on redis at %s: %v", strings.Join(args, " "), r.Addr, err)
	}
	return said
}

// Replica starts a replica of this server and returns when it has caught up.
// Pause it to make it stale; Promote it to make it the primary.
func (r *PrivateRedis) Replica(t testing.TB) *PrivateRedis {
	t.Helper()
	host, port, err := net.SplitHostPort(r.Addr)
	if err != nil {
		t.Fatal(err)
	}
	recipe := privateRecipe("--replicaof", host+" "+port)
	recipe.cluster = true
	replica := freshRedis(t, recipe)
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	replica.must("waiting for the copy of", poll(ctx, replica.server.machine.exited(), func(context.Context) error {
		said, _ := replica.Do("INFO", "replication").(string)
		if !strings.Contains(said, "master_link_status:up") {
			return errors.New("it has no link to its primary")
		}
		return nil
	}))
	return replica
}

// Promote makes a replica the primary of its own data. The old primary goes
// on, and knows nothing of it.
func (r *PrivateRedis) Promote() { r.t.Helper(); r.Do("REPLICAOF", "NO", "ONE") }
