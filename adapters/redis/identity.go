package redis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/ports"
)

// Identity names the process that keeps the index and the history of its data:
// run id and replication id. Of a Cluster it names those of all masters that
// answer; each space is judged by the one that it was installed on. A server
// that evicts keys, unless that is allowed, and one that does not tell who it
// is are refused with ports.ErrUnsupported.
func (x *Index) Identity(ctx context.Context) (string, error) {
	if err := x.open("identity", ""); err != nil {
		return "", err
	}
	nodes, err := x.client.nodes(ctx, "identity")
	if err != nil {
		return "", err
	}
	names := make([]string, 0, len(nodes))
	for _, n := range nodes {
		if n.name == "" {
			return "", ports.Fail("identity", "", ports.ErrUnsupported,
				errors.New("the server does not tell its run_id and master_replid, so nobody could see that it lost something"))
		}
		if err := x.client.keeps(n); err != nil {
			return "", ports.Fail("identity", "", ports.ErrUnsupported, err)
		}
		names = append(names, n.name)
	}
	slices.Sort(names)
	return strings.Join(names, ","), nil
}

// node is a server as it describes itself.
type node struct {
	name, policy, maxMemory string
}

// check refuses what can't be used at all.
func (c *Client) check(ctx context.Context) error {
	nodes, err := c.nodes(ctx, "dial")
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if err := c.keeps(n); err != nil {
			return ports.Fail("dial", "", ports.ErrUnsupported, err)
		}
	}
	return nil
}

// keeps refuses nodes that evict keys which never expire.
func (c *Client) keeps(n node) error {
	if c.options.AllowEviction || n.maxMemory == "0" || !strings.HasPrefix(n.policy, "allkeys-") {
		return nil
	}
	return fmt.Errorf("maxmemory-policy %s evicts keys that must stay: set noeviction or a volatile policy, or AllowEviction", n.policy)
}

// nodes asks every master. One of a Cluster that does not answer is left out,
// unless none does.
func (c *Client) nodes(ctx context.Context, op string) ([]node, error) {
	ask := c.askOne
	if c.cluster != nil {
		ask = c.askMasters
	}
	r, err := c.attempt(ctx, op, "", ask)
	if err == nil && r.err != nil {
		err = r.fail(ctx, op, "", identityScript.writes)
	}
	if err != nil {
		return nil, err
	}
	var found []node
	for n := range slices.Chunk(r.values, 4) {
		if len(n) < 4 {
			return nil, ports.Fail(op, "", ports.ErrCorrupt, errors.New("the script answered too little"))
		}
		if n[1] != "master" {
			return nil, ports.Fail(op, "", ports.ErrUnavailable, errors.New("the server is a replica"))
		}
		found = append(found, node{name: n[0], policy: n[2], maxMemory: n[3]})
	}
	return found, nil
}

func (c *Client) askOne(ctx context.Context, g *gate) reply {
	return send(ctx, c.universal, g, identityScript, nil, nil)
}

// askMasters looks up who they are, too.
func (c *Client) askMasters(ctx context.Context, g *gate) reply {
	var mu sync.Mutex
	var all, failed reply
	err := c.cluster.ForEachMaster(ctx, func(ctx context.Context, master *goredis.Client) error {
		r := send(ctx, master, g, identityScript, nil, nil)
		mu.Lock()
		defer mu.Unlock()
		if r.err != nil {
			failed = r
		}
		all.values = append(all.values, r.values...)
		return nil
	})
	switch {
	case len(all.values) > 0:
		return all
	case failed.err != nil:
		return failed
	case err == nil:
		err = errors.New("the cluster has no masters")
	}
	return reply{err: err}
}
