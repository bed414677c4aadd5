package services

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Sentinel is a Redis Sentinel that watches one primary server: it calls it
// dead after half a second without an answer, and then promotes a replica.
type Sentinel struct {
	// Addr is host:port.
	Addr string
	// Master is the name of the primary server.
	Master string
}

// sentinelMaster is the name that Sentinels know.
const sentinelMaster = "primary"

// FreshSentinel starts a Sentinel for this test alone, as a process, and
// returns when it knows the primary and these replicas of it.
func FreshSentinel(t testing.TB, primary *PrivateRedis, replicas ...*PrivateRedis) Sentinel {
	t.Helper()
	allowed, err := allowedSources(os.Getenv("SB_SERVICES"))
	if err == nil && !slices.Contains(allowed, fromBinary) {
		err = errors.New("a Sentinel runs as a process only, which SB_SERVICES does not allow")
	}
	if err != nil {
		unavailable(t, nameRedis, err)
	}
	r, err := sentinelRecipe(primary)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.spawn()
	if err != nil {
		unavailable(t, nameRedis, err)
	}
	c := Control{t: t, server: s}
	t.Cleanup(func() { c.must("removing", s.machine.remove()) })
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	c.must("waiting for the replicas in", poll(ctx, s.machine.exited(), func(ctx context.Context) error {
		return knowsReplicas(ctx, s.addr, replicas)
	}))
	return Sentinel{Addr: s.addr, Master: sentinelMaster}
}

// sentinelRecipe keeps what the Sentinel is told, and what it finds out, in
// a file of its folder, which it wants to find and rewrites.
func sentinelRecipe(primary *PrivateRedis) (*recipe, error) {
	host, port, err := net.SplitHostPort(primary.Addr)
	if err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("sentinel monitor %[1]s %[2]s %[3]s 1\n"+
		"sentinel down-after-milliseconds %[1]s 500\nsentinel failover-timeout %[1]s 3000\n", sentinelMaster, host, port)
	r := redisRecipe(nameRedis)
	r.args = func(p place) []string {
		file := filepath.Join(p.data, "sentinel.conf")
		_ = errors.Join(os.MkdirAll(p.data, 0o700), os.WriteFile(file, []byte(settings), 0o600)) // the program says what is missing
		return []string{file, "--sentinel", "--bind", p.host, "--port", strconv.Itoa(p.port), "--dir", p.data, "--protected-mode", "no"}
	}
	return r, nil
}

func knowsReplicas(ctx context.Context, addr string, replicas []*PrivateRedis) error {
	said, err := redisDo(ctx, addr, "", "", "SENTINEL", "REPLICAS", sentinelMaster)
	if err != nil {
		return err
	}
	for _, replica := range replicas {
		if !strings.Contains(fmt.Sprint(said), replica.Addr) {
			return fmt.Errorf("it does not know the replica at %s", replica.Addr)
		}
	}
	return nil
}
