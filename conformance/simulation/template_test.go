package simulation_test

import (
	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/ports"
)

// template is what all histories of a workload start from: the documents that
// are there, and indexes that are ready. Making it takes as many steps as a
// history, so it is made once.
type template struct {
	objects []ports.Object // in the order of their keys
	index   memory.IndexSnapshot
}

// newTemplate has a client make the documents, and waits for the index, without
// the scheduler.
func newTemplate(w *workload) *template {
	h := newHistory(w, config{late: true, deletes: true})
	h.direct = true
	c := h.newClient(0, 0, 0)
	h.must(c.open())
	for _, key := range w.keys {
		if d, found := w.start[key]; found {
			coll, id := c.collection(key)
			d.T = "start"
			_, err := coll.Create(background, id, d)
			h.must(err)
		}
	}
	for _, name := range w.folders() {
		h.must(c.collections[name].WaitReady(background))
	}
	h.must(c.db.Close())
	t := &template{index: h.indexes.current.Snapshot()}
	for info, err := range h.store.List(background, ports.ListOptions{}) {
		h.must(err)
		object, err := h.store.Get(background, info.Key, ports.GetOptions{})
		h.must(err)
		t.objects = append(t.objects, object)
	}
	if len(h.problems) > 0 {
		panic(h.problems)
	}
	return t
}

// fill makes the services of a history what the template says.
func (t *template) fill(h *history) {
	h.direct = true
	for _, object := range t.objects {
		if id, is := decisionID(object.Key); is {
			h.recorder.decisions[id] = new(decision) // of a transaction that is over
		}
		if isDocument(object.Key) {
			h.recorder.objects[object.Key] = h.recorder.parseObject(&call{client: &client{history: h}, key: object.Key}, object.Data)
			h.recorder.observe(object.Key)
		}
		_, err := h.store.Put(background, object.Key, object.Data, ports.IfAbsent)
		h.must(err)
	}
	h.indexes.filling = true
	h.indexes.current.Failover(t.index)
	h.indexes.filling = false
	h.direct = false
}
