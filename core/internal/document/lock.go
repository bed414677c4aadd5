package document

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/revision"
)

// Lock is the member "_tx" that a transaction puts in front of a document while
// it commits. The members of the previous state stay behind it, so that
// whoever reads the object by other means sees the last committed value.
type Lock struct {
	ID    string    `json:"id"`    // of the transaction
	Prev  string    `json:"prev"`  // what was there: one of the constants below
	Reads bool      `json:"reads"` // the transaction also rests on what it only read
	At    time.Time `json:"at"`    // by the clock of its client; for people
	Wait  string    `json:"wait"`  // how long others are asked to wait before they end it, as time.Duration prints it
}

// The states that a lock can lie over.
const (
	PrevDocument  = "doc"
	PrevAbsent    = "absent"
	PrevTombstone = "tombstone"
)

const lockStart = `{"_tx":{`

// IsLocked reports whether a body is one that Over made.
func IsLocked(body []byte) bool { return bytes.HasPrefix(body, []byte(lockStart)) }

// Over builds the locked form of a body; nil stands for an absent object. The
// bytes of the body survive as they are. It fails where they are no JSON object.
func (l Lock) Over(body []byte) ([]byte, error) {
	l.Prev = PrevDocument
	switch {
	case body == nil:
		l.Prev, body = PrevAbsent, []byte("{}")
	case rawjson.CheckObject(body) != nil:
		return nil, fmt.Errorf("lock what is no document: %w", rawjson.CheckObject(body))
	default:
		if value, found := rawjson.Find(body, memberDeleted); found && string(value) == "true" {
			l.Prev = PrevTombstone
		}
	}
	text, err := json.Marshal(l)
	if err != nil {
		return nil, fmt.Errorf("encode lock: %w", err)
	}
	rest := bytes.TrimLeft(bytes.TrimLeft(body, " \n\t\r")[1:], " \n\t\r")
	locked := make([]byte, 0, len(text)+len(rest)+len(lockStart))
	locked = append(append(locked, `{"_tx":`...), text...)
	if rest[0] != '}' {
		locked = append(locked, ',')
	}
	return append(locked, rest...), nil
}

// ParseLock takes a lock off a body. before is the body that it lies over, in
// memory of its own; nil stands for an absent object. found is false where
// there is no lock.
func ParseLock(body []byte) (lock Lock, before []byte, found bool, err error) {
	if err := rawjson.CheckObject(body); err != nil {
		return lock, nil, false, err
	}
	at := -1
	for m := range rawjson.Members(body) {
		if at++; !m.Is(memberLock) {
			continue
		}
		if err := json.Unmarshal(m.Value, &lock); err != nil {
			return lock, nil, true, fmt.Errorf("the member %q can't be read: %w", memberLock, err)
		}
		if lock.ID == "" || lock.Prev != PrevDocument && lock.Prev != PrevAbsent && lock.Prev != PrevTombstone {
			return lock, nil, true, fmt.Errorf("the member %q is no lock: %s", memberLock, m.Value)
		}
		if lock.Prev == PrevAbsent {
			return lock, nil, true, nil
		}
		return lock, cut(body, m, at), true, nil
	}
	return lock, nil, false, nil
}

// cut copies an object without one of its members, the at-th.
func cut(body []byte, m rawjson.Member, at int) []byte {
	head, tail := body[:m.Start], body[m.End:]
	if rest := bytes.TrimLeft(tail, " \n\t\r"); rest[0] == ',' {
		tail = bytes.TrimLeft(rest[1:], " \n\t\r")
	} else if at > 0 {
		head = head[:bytes.LastIndexByte(head, ',')]
	}
	return append(append(make([]byte, 0, len(head)+len(tail)), head...), tail...)
}

// WithNonce builds a body with the content and the revision of another one that
// never was before: whoever waits to replace exactly the other one will fail. A
// nil body, which is an absent object, becomes a tombstone of revision 0.
func WithNonce(body []byte, nonce string) ([]byte, error) {
	if body == nil {
		return append(headWith(0, nonce), `,"_deleted":true}`...), nil
	}
	if d, _, ok := parseHead(body); ok {
		end := len(headStart) + revision.TextLen + len(d.Nonce)
		if d.Nonce != "" {
			end++ // the dot
		}
		return append(headWith(d.Revision, nonce), body[end+1:]...), nil
	}
	d, err := parseAny(body)
	if err != nil {
		return nil, err
	}
	plain := Tombstone(d.Revision)
	if !d.Deleted {
		plain = Compose(d.Revision, d.Version, d.Members)
	}
	return WithNonce(plain, nonce)
}

// headWith is the first member of a body.
func headWith(rev revision.Revision, nonce string) []byte {
	return append(append(rev.AppendTo([]byte(headStart)), '.'), nonce+`"`...)
}

// NewNonce makes a nonce from 64 random bits.
func NewNonce(random uint64) string { return revision.Revision(random >> 1).String() }

// IsTombstone reports whether a body is one. It leaves the body as it is.
func IsTombstone(body []byte) bool {
	d, err := Parse(bytes.Clone(body), false)
	return err == nil && d.Deleted
}
