package unique

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

// claim is the object of a value. Without a document nobody has claimed it.
type claim struct {
	Value    json.RawMessage `json:"value,omitempty"` // for people; left out where it is large
	Document string          `json:"document,omitempty"`
	Base     string          `json:"base,omitempty"` // BaseOf the state that the write rests on
}

// maxText is the greatest value that a claim repeats.
const maxText = 1024

// Never is the base of a claim that is held or dead, and never pending: no
// document is ever in that state. Transactions and builds make such claims.
const Never = "-"

const (
	baseAbsent  = "absent"
	baseVersion = "version:"
)

// BaseOf names the state of a document, among all that it ever had, by what
// writes of it are conditioned on: its version. A rewrite of the same content has
// another one, since it has a nonce, and so has what a transaction has locked. It
// does not look at the body.
func BaseOf(state cas.State) string {
	if !state.Exists {
		return baseAbsent
	}
	return baseVersion + string(state.Version)
}

// Body is the text of a claim of a need, by the document with that id, in the
// state that base names.
func Body(need Need, id, base string, rev revision.Revision) []byte {
	c := claim{Value: need.Text, Document: id, Base: base}
	if len(c.Value) > maxText {
		c.Value = nil
	}
	return c.encode(rev)
}

func (c claim) encode(rev revision.Revision) []byte {
	members, _ := json.Marshal(c) // the value was checked as part of its document
	return document.Compose(rev, 0, members)
}

// parse reads a claim that is not locked. A tombstone is a free one.
func parse(state cas.State) (c claim, err error) {
	if !state.Exists {
		return c, nil
	}
	d, err := document.Parse(slices.Clone(state.Body), true)
	if err == nil && !d.Deleted {
		err = json.Unmarshal(d.Members, &c)
	}
	if err != nil {
		return c, fmt.Errorf("read claim: %w: %w: %s", ports.ErrCorrupt, err, state.Key)
	}
	return c, nil
}
