package redis_test

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/redis"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// move is a slot on its way from one node to another.
type move struct {
	t                      *testing.T
	slot                   any
	owner, target          string // addresses
	ownerName, targetName  any
	targetHost, targetPort string
}

func newMove(t *testing.T, cluster *services.Cluster, ofKey string) *move {
	t.Helper()
	m := &move{t: t, slot: tell(t, cluster.Addrs[0], "CLUSTER", "KEYSLOT", ofKey)}
	for _, addr := range cluster.Addrs {
		if tell(t, addr, "CLUSTER", "COUNTKEYSINSLOT", m.slot) != int64(0) {
			m.owner = addr
		} else {
			m.target = addr
		}
	}
	m.ownerName, m.targetName = tell(t, m.owner, "CLUSTER", "MYID"), tell(t, m.target, "CLUSTER", "MYID")
	var err error
	m.targetHost, m.targetPort, err = net.SplitHostPort(m.target)
	require.NoError(t, err)
	return m
}

// begin tells both nodes, and returns the keys that must go.
func (m *move) begin() []any {
	m.t.Helper()
	tell(m.t, m.target, "CLUSTER", "SETSLOT", m.slot, "IMPORTING", m.ownerName)
	tell(m.t, m.owner, "CLUSTER", "SETSLOT", m.slot, "MIGRATING", m.targetName)
	return tell(m.t, m.owner, "CLUSTER", "GETKEYSINSLOT", m.slot, 100).([]any)
}

func (m *move) migrate(key any) {
	m.t.Helper()
	require.Equal(m.t, "OK", tell(m.t, m.owner, "MIGRATE", m.targetHost, m.targetPort, key, 0, 1000))
}

func (m *move) finish() {
	m.t.Helper()
	for _, addr := range []string{m.target, m.owner} {
		tell(m.t, addr, "CLUSTER", "SETSLOT", m.slot, "NODE", m.targetName)
	}
}

// A slot that moves makes its spaces stale. While it moves, calls on them are
// refused, and none goes wrong.
func TestASlotMoves(t *testing.T) {
	t.Parallel()
	cluster := services.FreshRedisCluster(t)
	x := dial(t, redis.Config{Addrs: cluster.Addrs, Cluster: true}).Index()
	s := install(t, x, "e1")
	want := make(map[string]string)
	for i := range 50 {
		set, member := fmt.Sprint("set", i%5), fmt.Sprintf("%03d", i)
		s.add(set, member)
		want[set] = (want[set] + " " + member)
	}
	m := newMove(t, cluster, key("head"))
	keys := m.begin()
	require.Len(t, keys, 6)
	for i, moving := range keys {
		m.migrate(moving)
		for set, members := range want {
			got, err := s.members(set)
			if err == nil {
				require.Equal(t, members[1:], got, set)
			}
			wantRefused(t, err)
			member := fmt.Sprintf("moving %d", i)
			if err = s.begin(set, member); err == nil {
				want[set] += " " + member
			}
			wantRefused(t, err)
		}
	}
	m.finish()
	s.wantStale("set0", "after its slot moved")
	again := install(t, x, "e2")
	require.Equal(t, s.regime.Identity, again.regime.Identity, "the masters are the same")
	again.want("set0", want["set0"][1:])
	again.add("set0", "new")
	s.wantStale("set0", "under the old epoch")
}

// wantRefused accepts what a call may answer while its slot moves.
func wantRefused(t *testing.T, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, ports.ErrBusy) && !errors.Is(err, ports.ErrStale) {
		require.ErrorIs(t, err, ports.ErrUnavailable)
	}
}
