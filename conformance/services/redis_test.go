package services

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRedisServes(t *testing.T) {
	t.Parallel()
	r := Redis(t)
	if said, err := r.do(t.Context(), "PING"); err != nil || said != "PONG" {
		t.Errorf("PING answers %v, %v", said, err)
	}
	if r != Redis(t) {
		t.Error("the second call answers another server")
	}
}

func TestRedisRestartKeepsOrLosesItsData(t *testing.T) {
	t.Parallel()
	r := FreshRedis(t)
	r.Do("SET", "k", "v")
	r.Kill()
	r.Restart()
	if said := r.Do("GET", "k"); said != "v" {
		t.Errorf("after a kill GET answers %v", said)
	}
	r.Stop()
	r.Restart()
	if said := r.Do("GET", "k"); said != "v" {
		t.Errorf("after a stop GET answers %v", said)
	}
	r.RestartEmpty()
	if said := r.Do("GET", "k"); said != nil {
		t.Errorf("after losing its data GET answers %v", said)
	}
}

func TestPausedRedisAnswersLater(t *testing.T) {
	t.Parallel()
	r := FreshRedis(t)
	r.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if said, err := r.do(ctx, "PING"); err == nil {
		t.Errorf("paused, it answers %v", said)
	}
	r.Resume()
	r.Do("PING")
}

func TestReplicaFollowsUntilItIsPromoted(t *testing.T) {
	t.Parallel()
	primary := FreshRedis(t)
	primary.Do("SET", "k", "1")
	replica := primary.Replica(t)
	if said := replica.Do("GET", "k"); said != "1" {
		t.Errorf("the replica answers %v", said)
	}
	replica.Promote()
	primary.Do("SET", "k", "2")
	replica.Do("SET", "other", "x")
	if said := replica.Do("GET", "k"); said != "1" {
		t.Errorf("the promoted replica follows on: %v", said)
	}
}

func TestRedisClusterSharesItsSlots(t *testing.T) {
	t.Parallel()
	c := RedisCluster(t)
	expectCluster(t, c)
}

func expectCluster(t *testing.T, c *Cluster) {
	t.Helper()
	if len(c.Addrs) != clusterSize {
		t.Fatalf("it has the nodes %v", c.Addrs)
	}
	moved := 0
	for _, addr := range c.Addrs {
		_, err := redisDo(t.Context(), addr, "", "", "SET", "k", "v")
		switch {
		case err == nil:
		case strings.HasPrefix(err.Error(), "MOVED ") && slices.Contains(c.Addrs, err.Error()[strings.LastIndex(err.Error(), " ")+1:]):
			moved++
		default:
			t.Errorf("SET on %s: %v", addr, err)
		}
	}
	if moved != clusterSize-1 {
		t.Errorf("%d nodes sent the client to another one", moved)
	}
}

func TestClusterNodeComesBack(t *testing.T) {
	t.Parallel()
	c := FreshRedisCluster(t)
	c.Kill(1)
	if _, err := redisDo(t.Context(), c.Addrs[1], "", "", "PING"); err == nil {
		t.Error("the killed node answers")
	}
	c.Restart(1)
	expectCluster(t, c)
}
