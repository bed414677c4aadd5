package simulation_test

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// recorder stands at the store itself, behind all faults, and keeps the states
// that each document really had: the content of an object that is locked is
// that of its previous members, until the decision about the lock says
// something else.
type recorder struct {
	*history
	lines     map[string][]version // by key of the document
	objects   map[string]object    // documents as they are stored
	decisions map[string]*decision // by transaction
	tokens    map[string]*attempt
}

// version is a state of a document from one step on.
type version struct {
	step   int
	rev    string
	exists bool
	doc    doc
	by     *attempt // whose write it is; nil: it was there from the start
}

// object is what is stored under the key of a document.
type object struct {
	state version // of an object that is locked: of the previous members
	lock  string  // the transaction; empty: it is not locked
}

// decision is what became of a transaction.
type decision struct {
	committed bool
	writes    map[string]version
}

func newRecorder(h *history) *recorder {
	return &recorder{
		history: h, lines: make(map[string][]version), objects: make(map[string]object),
		decisions: make(map[string]*decision), tokens: make(map[string]*attempt),
	}
}

func isDocument(key string) bool {
	return !strings.HasPrefix(key, "_sb/")
}

const decisionFolder = "_sb/tx/"

// put performs a put, whoever may have sent it when.
func (r *recorder) put(c *call, data []byte, cond ports.Condition) (ports.Version, error) {
	version, err := r.store.Put(context.Background(), c.key, data, cond)
	if err != nil {
		return version, err
	}
	switch {
	case isDocument(c.key):
		if cond.IsAny() {
			r.problem("unconditional: %v wrote %s without a condition", c.client, c.key)
		}
		r.objects[c.key] = r.parseObject(c, data)
		r.observe(c.key)
	case strings.HasPrefix(c.key, decisionFolder):
		r.decide(c, data)
	}
	if r.workload.after != nil {
		r.workload.after(r)
	}
	return version, nil
}

func (r *recorder) remove(c *call, cond ports.Condition) error {
	err := r.store.Delete(context.Background(), c.key, cond)
	if err == nil && isDocument(c.key) {
		delete(r.objects, c.key)
		r.observe(c.key)
	}
	if id, found := decisionID(c.key); found && err == nil {
		r.forget(id)
	}
	return err
}

// body is what an object can hold.
type body struct {
	Rev     string `json:"_rev"`
	Deleted bool   `json:"_deleted"`
	Lock    *struct {
		ID   string `json:"id"`
		Prev string `json:"prev"`
	} `json:"_tx"`
	doc
}

// parseObject reads what is stored under the key of a document.
func (r *recorder) parseObject(c *call, data []byte) object {
	state, b := r.parse(c, data)
	o := object{state: state}
	if b.Lock != nil {
		o.lock = b.Lock.ID
		if b.Lock.Prev == "absent" {
			o.state = version{}
		}
	}
	return o
}

func (r *recorder) parse(c *call, data []byte) (version, body) {
	var b body
	if err := json.Unmarshal(data, &b); err != nil {
		r.problem("garbage: %v wrote %s as %s", c.client, c.key, data)
	}
	rev, _, _ := strings.Cut(b.Rev, ".")
	v := version{rev: rev, exists: !b.Deleted, doc: b.doc}
	switch {
	case b.Deleted:
		v.by = c.attempt // nothing in a tombstone tells whose it is
		if v.rev == zeroRevision {
			v = version{} // over an absent object
		}
	case b.Lock == nil || b.Lock.Prev == "doc":
		v.by = r.tokens[b.T]
	}
	return v, b
}

// zeroRevision is that of a tombstone that stands for an absent object.
const zeroRevision = "0000000000000"

// decide notes the decision of a transaction, and with it all its writes.
func (r *recorder) decide(c *call, data []byte) {
	var text struct {
		State  string
		Writes []struct {
			Key    string
			Body   json.RawMessage
			Staged string
		}
	}
	id, _ := decisionID(c.key)
	if err := json.Unmarshal(data, &text); err != nil || text.State != "committed" && text.State != "aborted" {
		r.problem("garbage: %v wrote %s as %s", c.client, c.key, data)
	}
	if r.decisions[id] != nil {
		r.problem("decision: the transaction %s was decided twice", id)
	}
	d := &decision{committed: text.State == "committed", writes: make(map[string]version)}
	r.decisions[id] = d
	for _, w := range text.Writes {
		if !isDocument(w.Key) {
			continue
		}
		d.writes[w.Key], _ = r.parse(&call{client: c.client, key: w.Key, attempt: c.attempt}, w.Body)
		if v := d.writes[w.Key]; v.exists && v.doc.T == r.last(w.Key).doc.T {
			v.by = c.attempt // it changes what somebody else has written
			d.writes[w.Key] = v
		}
		if d.committed && r.objects[w.Key].lock != id {
			r.problem("torn: %s was committed while %s was not locked by it", id, w.Key)
		}
	}
	for key := range d.writes {
		r.observe(key)
	}
}

func decisionID(key string) (string, bool) {
	if !strings.HasPrefix(key, decisionFolder) {
		return "", false
	}
	return strings.TrimSuffix(key[strings.LastIndexByte(key, '/')+1:], ".json"), true
}

// forget notes that a decision is gone: no document may still need it.
func (r *recorder) forget(id string) {
	for key, o := range r.objects {
		if o.lock == id {
			r.problem("decision: that of %s was removed while %s is locked by it", id, key)
		}
	}
	delete(r.decisions, id)
}

// logical is the state of a document as everybody must see it.
func (r *recorder) logical(key string) version {
	o := r.objects[key]
	if d := r.decisions[o.lock]; o.lock != "" && d != nil && d.committed {
		return d.writes[key]
	}
	return o.state
}

// observe notes the state of a document if it changed.
func (r *recorder) observe(key string) {
	now := r.logical(key)
	now.step = r.step
	line := r.lines[key]
	var last version
	if len(line) > 0 {
		last = line[len(line)-1]
	} else {
		line = append(line, last)
	}
	if now.rev == last.rev && now.exists == last.exists && now.doc.T == last.doc.T {
		return
	}
	if !now.exists && now.rev == "" { // a tombstone that was purged is still the same state
		if last.exists {
			r.problem("recurred: %s is absent again without a tombstone", key)
		}
		return
	}
	if now.rev <= last.rev {
		r.problem("order: %s went from revision %s to %s", key, last.rev, now.rev)
	}
	r.lines[key] = append(line, now)
	if now.by == nil && !r.direct {
		r.problem("alien: nobody knows the state %+v of %s", now, key)
	}
	if now.by != nil {
		now.by.landed[key]++
	}
	if r.workload.changed != nil {
		r.workload.changed(r, key)
	}
}

// last is the state that a document has now.
func (r *recorder) last(key string) version {
	if line := r.lines[key]; len(line) > 0 {
		return line[len(line)-1]
	}
	return version{}
}
