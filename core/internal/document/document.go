package document

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/revision"
)

// The reserved members.
const (
	memberRevision = "_rev"
	memberVersion  = "_v"
	memberLock     = "_tx"
	memberDeleted  = "_deleted"
)

// Reserved lists the names of members that users can't have at the top.
func Reserved() []string {
	return []string{memberRevision, memberVersion, memberLock, memberDeleted}
}

// IsReserved reports whether name is one of them.
func IsReserved(name string) bool {
	return name == memberRevision || name == memberVersion || name == memberLock || name == memberDeleted
}

// Document is the parsed form of a stored body.
type Document struct {
	Revision revision.Revision // 0 where the body has none
	Nonce    string            // of a rewrite with the same content; mostly empty
	Version  int               // schema version; 0 where the body has none
	Deleted  bool              // a tombstone
	Members  []byte            // the user's JSON object; nil of a tombstone
}

// ErrLocked is the answer of Parse to a document that a transaction has
// locked.
var ErrLocked = errors.New("the document is locked by a transaction")

// Parse takes a stored body apart. It uses the body's memory for Members and
// may change its bytes: the caller gives it up. With check false, the syntax
// of the user's part of a body that begins as this package writes it is left
// for the caller to check.
func Parse(body []byte, check bool) (Document, error) {
	d, at, ok := parseHead(body)
	if !ok {
		return parseAny(body)
	}
	switch {
	case bytes.HasPrefix(body[at:], []byte(`,"_deleted":true}`)):
		d.Deleted = true
		return d, nil
	case at == len(body)-1 && body[at] == '}':
		d.Members = body[at-1:]
		d.Members[0] = '{'
		return d, nil
	case !bytes.HasPrefix(bytes.TrimLeft(body[at+1:], " \n\t\r"), []byte{'"'}), mayHoldReserved(body[at:]):
		// Not as we write it, or a reserved member out of its usual place.
		return parseAny(body)
	}
	// The comma before the first of the user's members becomes the brace.
	d.Members = body[at:]
	d.Members[0] = '{'
	if check {
		if err := rawjson.CheckObject(d.Members); err != nil {
			return Document{}, err
		}
	}
	return d, nil
}

// mayHoldReserved reports whether a reserved name occurs in the text, as that
// of a member of the document or of an object inside.
func mayHoldReserved(text []byte) bool {
	return bytes.Contains(text, []byte(`"_`)) && slices.ContainsFunc(Reserved(), func(name string) bool {
		return bytes.Contains(text, []byte(`"`+name+`"`))
	})
}

const headStart = `{"_rev":"`

// parseHead reads the reserved members as Compose writes them. It answers the
// index of the comma or brace after them.
func parseHead(body []byte) (d Document, at int, ok bool) {
	at = len(headStart) + revision.TextLen
	if len(body) <= at+1 || string(body[:len(headStart)]) != headStart {
		return d, 0, false
	}
	rev, err := revision.Parse(body[len(headStart):at])
	if err != nil {
		return d, 0, false
	}
	d.Revision = rev
	if body[at] == '.' {
		end := bytes.IndexByte(body[at:], '"')
		if end < 2 || bytes.IndexByte(body[at:at+end], '\\') >= 0 {
			return d, 0, false // none of ours
		}
		d.Nonce = string(body[at+1 : at+end])
		at += end
	}
	if body[at] != '"' {
		return d, 0, false
	}
	at++
	if rest, found := bytes.CutPrefix(body[at:], []byte(`,"_v":`)); found {
		digits := 0
		for digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' {
			d.Version = d.Version*10 + int(rest[digits]-'0')
			digits++
		}
		at += len(`,"_v":`) + digits
		if digits == 0 || digits > 9 {
			return d, 0, false
		}
	}
	if at >= len(body) || body[at] != ',' && body[at] != '}' {
		return d, 0, false
	}
	return d, at, true
}

// parseAny reads a body that others wrote or rewrote: reserved members may
// stand anywhere or be missing.
func parseAny(body []byte) (d Document, err error) {
	if err := rawjson.CheckObject(body); err != nil {
		return d, err
	}
	members := append(make([]byte, 0, len(body)), '{')
	for m := range rawjson.Members(body) {
		name := m.Text()
		if IsReserved(name) {
			if err := d.take(name, m.Value); err != nil {
				return Document{}, err
			}
			continue
		}
		if len(members) > 1 {
			members = append(members, ',')
		}
		members = append(members, body[m.Start:m.End]...)
	}
	if !d.Deleted {
		d.Members = append(members, '}')
	}
	return d, nil
}

func (d *Document) take(name string, value []byte) (err error) {
	switch name {
	case memberRevision:
		d.Revision, d.Nonce, err = parseRevision(value)
	case memberVersion:
		if d.Version, err = strconv.Atoi(string(value)); err != nil || d.Version < 0 {
			return fmt.Errorf("the member %q is not a version number: %s", name, value)
		}
	case memberDeleted:
		if string(value) != "true" {
			return fmt.Errorf("the member %q is not true: %s", name, value)
		}
		d.Deleted = true
	case memberLock:
		return ErrLocked
	}
	return err
}

func parseRevision(value []byte) (rev revision.Revision, nonce string, err error) {
	if value[0] != '"' {
		return 0, "", fmt.Errorf("the member %q is not a revision: %s", memberRevision, value)
	}
	text, nonce, _ := strings.Cut(rawjson.Unquote(value), ".")
	rev, err = revision.Parse(text)
	return rev, nonce, err
}

// RevisionOf reads the revision of a stored body without changing it, and
// false if it can't be read or the body has none.
func RevisionOf(body []byte) (rev revision.Revision, ok bool) {
	if d, _, head := parseHead(body); head {
		return d.Revision, true
	}
	if rawjson.CheckObject(body) != nil {
		return 0, false
	}
	value, found := rawjson.Find(body, memberRevision)
	if !found {
		return 0, false
	}
	rev, _, err := parseRevision(value)
	return rev, err == nil
}

// Compose builds a stored body. members must be a JSON object without
// reserved members; see CheckMembers.
func Compose(rev revision.Revision, version int, members []byte) []byte {
	members = bytes.TrimSpace(members)
	body := make([]byte, 0, len(members)+len(headStart)+revision.TextLen+16)
	body = append(body, headStart...)
	body = append(rev.AppendTo(body), '"')
	if version > 0 {
		body = append(body, `,"_v":`...)
		body = strconv.AppendInt(body, int64(version), 10)
	}
	rest := bytes.TrimLeft(members[1:], " \n\t\r")
	if rest[0] != '}' {
		body = append(body, ',')
	}
	return append(body, rest...)
}

// Tidy is the text of members as Parse will answer it once they are stored.
func Tidy(members []byte) []byte {
	members = bytes.TrimSpace(members)
	rest := bytes.TrimLeft(members[1:], " \n\t\r")
	if len(rest) == len(members)-1 {
		return members
	}
	return append([]byte{'{'}, rest...)
}

// Tombstone builds the body that marks a deleted document.
func Tombstone(rev revision.Revision) []byte {
	body := rev.AppendTo([]byte(headStart))
	return append(body, `","_deleted":true}`...)
}

// CheckMembers reports whether text can be the user's part of a document.
func CheckMembers(text []byte) error {
	if err := rawjson.CheckObject(text); err != nil {
		return err
	}
	for m := range rawjson.Members(text) {
		if len(m.Name) > 2 && (m.Name[1] == '_' || m.Name[1] == '\\') && IsReserved(m.Text()) {
			return fmt.Errorf("the member %q is reserved", m.Text())
		}
	}
	return nil
}
