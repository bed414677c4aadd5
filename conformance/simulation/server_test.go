package simulation_test

import (
	"fmt"

	"github.com/smarterbase/smarterbase/adapters/memory"
)

// servers are the index servers: the one that answers now, and old ones that
// some clients still talk to.
type servers struct {
	current    *memory.Index
	stays      map[*client]*memory.Index
	snapshots  []memory.IndexSnapshot
	identities int
	losses     int
	filling    bool // from a template: the identity stays
}

func (s *servers) init() {
	s.current = s.make()
	s.stays = make(map[*client]*memory.Index)
}

func (s *servers) make() *memory.Index {
	return memory.NewIndex(memory.IndexOptions{NewIdentity: func() string {
		if !s.filling {
			s.identities++
		}
		return fmt.Sprint("identity ", s.identities)
	}})
}

// server is the index server that a client is connected to.
func (h *history) server(c *client) *memory.Index {
	if old, cut := h.indexes.stays[c]; cut {
		if h.chance.IntN(8) > 0 {
			return old
		}
		delete(h.indexes.stays, c) // it has found the new one
		h.note(c, "reaches the new index server")
	}
	return h.indexes.current
}

// mostLosses bounds the disasters of one history.
const mostLosses = 3

// lose lets the index forget everything, with or without a new identity, or
// lets a replica take over that lags behind, while some clients stay with the
// old server; or it only takes the copy that such a replica has.
func (h *history) lose() {
	s := &h.indexes
	n := h.chance.IntN(8)
	if n < 3 || s.losses >= mostLosses {
		s.snapshots = append(s.snapshots, s.current.Snapshot())
		return
	}
	s.losses++
	switch n {
	case 3:
		h.note(nil, "the index loses everything")
		s.current.Lose()
	case 4:
		h.note(nil, "the index restarts")
		s.current.Restart()
	default:
		h.note(nil, "a replica of the index takes over")
		old, next := s.current, s.make()
		copied := old.Snapshot()
		if len(s.snapshots) > 0 && n > 5 {
			copied = s.snapshots[h.chance.IntN(len(s.snapshots))]
		}
		next.Failover(copied)
		s.current = next
		for _, c := range h.clients {
			if h.chance.IntN(2) == 0 && !c.isDead() {
				s.stays[c] = old
				h.note(c, "stays with the old index server")
			}
		}
	}
}
