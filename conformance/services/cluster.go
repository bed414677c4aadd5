package services

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
)

// Cluster is a Redis Cluster.
type Cluster struct {
	// Addrs are those of the nodes, host:port. Each is a master.
	Addrs []string

	t     testing.TB
	nodes []Control // none where the cluster is shared
}

const (
	clusterSize  = 3
	clusterSlots = 16384
)

var sharedCluster = shared[[]string]{name: nameCluster, make: findCluster}

// RedisCluster returns the cluster that all tests of the process share: that
// of SB_REDIS_CLUSTER_ADDRS, a comma-separated list, or else one of three
// masters. Tests need key prefixes of their own, and can't end its nodes.
func RedisCluster(t testing.TB) *Cluster {
	t.Helper()
	return &Cluster{Addrs: sharedCluster.get(t), t: t}
}

// FreshRedisCluster starts a cluster of three masters for this test alone. A
// node writes every command to its log before it answers, and comes back with
// its data. While one is away, all answer CLUSTERDOWN.
func FreshRedisCluster(t testing.TB) *Cluster {
	t.Helper()
	c := &Cluster{t: t}
	for range clusterSize {
		node := fresh(t, clusterRecipe("--appendonly", "yes"))
		c.nodes, c.Addrs = append(c.nodes, node), append(c.Addrs, node.server.addr)
	}
	if err := joinCluster(c.Addrs); err != nil {
		t.Fatalf("forming a redis cluster: %v", err)
	}
	return c
}

// clusterRecipe runs a node that takes two seconds to call another one dead.
func clusterRecipe(further ...string) *recipe {
	args := []string{"--cluster-enabled", "yes", "--cluster-node-timeout", "2000"}
	r := redisRecipe(nameCluster, append(args, further...)...)
	r.cluster = true
	return r
}

// Node returns what ends and starts node i, which is at Addrs[i]. The shared
// cluster has none.
func (c *Cluster) Node(i int) Control {
	c.t.Helper()
	if i < 0 || i >= len(c.nodes) {
		c.t.Fatalf("the cluster has no node %d to control: use FreshRedisCluster", i)
	}
	return c.nodes[i]
}

// Kill ends node i at once, as SIGKILL does.
func (c *Cluster) Kill(i int) { c.t.Helper(); c.Node(i).Kill() }

// Restart starts node i again with its data and returns when every node calls
// the cluster whole.
func (c *Cluster) Restart(i int) {
	c.t.Helper()
	c.Node(i).Restart()
	if err := awaitCluster(c.Addrs); err != nil {
		c.t.Fatalf("restarting node %d: %v", i, err)
	}
}

func findCluster() ([]string, error) {
	var found []string
	err := firstThat(
		attempt{fromEnv, func() (err error) { found, err = clusterFromEnv(os.Getenv("SB_REDIS_CLUSTER_ADDRS")); return err }},
		attempt{fromDocker, func() (err error) { found, err = newCluster((*recipe).contain); return err }},
		attempt{fromBinary, func() (err error) { found, err = newCluster((*recipe).spawn); return err }},
	)
	return found, err
}

func clusterFromEnv(list string) ([]string, error) {
	if list == "" {
		return nil, unset("SB_REDIS_CLUSTER_ADDRS")
	}
	addrs := strings.Split(strings.ReplaceAll(list, " ", ""), ",")
	return addrs, awaitCluster(addrs)
}

// newCluster starts the nodes of the shared cluster.
func newCluster(start func(*recipe) (*server, error)) ([]string, error) {
	var addrs []string
	for range clusterSize {
		r := clusterRecipe()
		err := keep(func() (*server, error) { return start(r) }, func(s *server) { addrs = append(addrs, s.addr) })
		if err != nil {
			return nil, err
		}
	}
	return addrs, joinCluster(addrs)
}

// joinCluster gives each node its share of the slots, introduces all to the
// first, and waits until all agree.
func joinCluster(addrs []string) error {
	host, port, err := net.SplitHostPort(addrs[0])
	if err != nil {
		return err
	}
	for i, addr := range addrs {
		first, last := clusterSlots*i/len(addrs), clusterSlots*(i+1)/len(addrs)-1
		for _, args := range [][]string{
			{"CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(first), strconv.Itoa(last)},
			{"CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i + 1)},
			{"CLUSTER", "MEET", host, port},
		} {
			if err := tell(addr, args...); err != nil {
				return fmt.Errorf("%s: %s: %w", addr, strings.Join(args, " "), err)
			}
		}
	}
	return awaitCluster(addrs)
}

func tell(addr string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), askLimit)
	defer cancel()
	_, err := redisDo(ctx, addr, "", "", args...)
	return err
}

// awaitCluster returns when every node knows an owner for every slot, and
// knows at least the nodes of the list.
func awaitCluster(addrs []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), readyLimit)
	defer cancel()
	for _, addr := range addrs {
		err := poll(ctx, nil, func(ctx context.Context) error { return whole(ctx, addr, len(addrs)) })
		if err != nil {
			return fmt.Errorf("%s: %w", addr, err)
		}
	}
	return nil
}

func whole(ctx context.Context, addr string, size int) error {
	said, err := redisDo(ctx, addr, "", "", "CLUSTER", "INFO")
	if err != nil {
		return err
	}
	info := map[string]string{}
	text, _ := said.(string)
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		info[name] = value
	}
	known, _ := strconv.Atoi(info["cluster_known_nodes"])
	if info["cluster_state"] != "ok" || info["cluster_slots_ok"] != strconv.Itoa(clusterSlots) || known < size {
		return fmt.Errorf("the cluster is not whole: state %q, %d nodes known", info["cluster_state"], known)
	}
	return nil
}
