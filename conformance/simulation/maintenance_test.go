package simulation_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smarterbase/smarterbase/core"
	"github.com/smarterbase/smarterbase/ports"
)

func init() {
	for name, folder := range map[string]string{
		"TestMaintenance": "plain", "TestMaintenanceWithIndexes": "items", "TestMaintenanceOfUniqueValues": "names",
	} {
		three := keys(folder, "x", "y", "z")
		w := &workload{
			indexed: folder == "items", sleeps: true, keys: three,
			start:  map[string]doc{three[0]: {V: "a"}, three[1]: {V: "b", N: 1}},
			finish: (*history).cleanAtEnd,
			act: func(c *client) {
				switch n := c.rng.IntN(12); {
				case n < 3:
					c.maintain()
				case n < 7:
					c.single(pick(c.rng, three))
				default:
					c.mixed(folder+"/", three)
				}
			},
		}
		if folder == "names" {
			w.after, w.check = (*recorder).distinct, (*history).checkTaken
			w.finish = func(h *history, c *client) {
				h.cleanAtEnd(c)
				h.takeEach(c)
			}
		}
		workloads[name] = w
	}
}

func TestMaintenance(t *testing.T)               { simulateNamed(t, "TestMaintenance") }
func TestMaintenanceWithIndexes(t *testing.T)    { simulateNamed(t, "TestMaintenanceWithIndexes") }
func TestMaintenanceOfUniqueValues(t *testing.T) { simulateNamed(t, "TestMaintenanceOfUniqueValues") }

// maintain runs maintenance, among whatever others do.
func (c *client) maintain() {
	all := c.rng.IntN(3) == 0
	_ = c.do("maintain", func(ctx context.Context, _ *operation) error {
		_, err := c.db.Maintain(ctx, core.MaintainOptions{All: all})
		return err
	})
}

// cleanAtEnd checks that maintenance leaves nothing but the documents and what
// they need.
func (h *history) cleanAtEnd(c *client) {
	for range 2 { // what is found in the first run may be young
		time.Sleep(25 * time.Hour)
		_, err := c.db.Maintain(background, core.MaintainOptions{All: true})
		h.must(err)
		synctest.Wait()
	}
	claims := 0
	for info, err := range h.store.List(background, ports.ListOptions{}) {
		h.must(err)
		object, err := h.store.Get(background, info.Key, ports.GetOptions{})
		h.must(err)
		switch {
		case strings.HasPrefix(info.Key, decisionFolder):
			h.problem("left: %s: %s", info.Key, object.Data)
		case bytes.HasPrefix(object.Data, []byte(`{"_tx"`)):
			h.problem("left locked: %s: %s", info.Key, object.Data)
		case h.deletes && bytes.Contains(object.Data, []byte(`"_deleted":true`)):
			h.problem("left tombstone: %s: %s", info.Key, object.Data)
		case strings.HasPrefix(info.Key, "_sb/unique/"):
			claims++
		}
	}
	there := 0
	for _, key := range h.workload.keys {
		if h.recorder.last(key).exists {
			there++
		}
	}
	if strings.HasPrefix(h.workload.keys[0], "names/") && h.deletes && claims != there {
		h.problem("left claims: %d documents have a value, and %d claims are there", there, claims)
	}
}
