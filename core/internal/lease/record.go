package lease

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/ports"
)

const (
	stateHeld = "held"
	stateFree = "free"
)

// record is what the object of a lock says. The zero record is that of a name
// that was never held.
type record struct {
	Token  uint64    `json:"token"` // of the last holder
	State  string    `json:"state"`
	Owner  string    `json:"owner,omitempty"`  // names one acquisition
	TTL    string    `json:"ttl,omitempty"`    // as time.Duration prints it
	Holder string    `json:"holder,omitempty"` // for people
	Until  time.Time `json:"until,omitzero"`   // by the holder's wall clock, for people

	ttl time.Duration
}

func (r record) held() bool { return r.State == stateHeld }

// free is the record after the holder has gone.
func (r record) free() record { return record{Token: r.Token, State: stateFree} }

func decode(state cas.State) (r record, err error) {
	if !state.Exists {
		return r, nil
	}
	d, err := document.Parse(bytes.Clone(state.Body), true)
	if err == nil {
		err = json.Unmarshal(d.Members, &r)
	}
	if err == nil && r.held() {
		r.ttl, err = time.ParseDuration(r.TTL)
	}
	if err == nil && !r.held() && r.State != stateFree {
		err = fmt.Errorf("the state is %q", r.State)
	}
	if err != nil {
		return r, fmt.Errorf("decode lock: %w: %w: %s", ports.ErrCorrupt, err, state.Key)
	}
	return r, nil
}

func (r record) encode(rev revision.Revision) ([]byte, error) {
	members, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("encode lock: %w", err)
	}
	return document.Compose(rev, 0, members), nil
}
