package rawjson

import "bytes"

// Merge carries the change from before to after over to base, all three of
// them objects: a member that is equal in before and after keeps what base
// has, text and place; one that differs takes after's; one that after lacks
// is removed; one that neither knows stays. Objects that all three have are
// merged member by member, everything else is replaced as a whole.
//
// With base as stored, before as the program encodes what it decoded from
// base, and after as it encodes the changed value, this writes a change
// without touching what the program's types can't hold: unknown members, the
// spelling of numbers, integers beyond 2^53.
func Merge(base, before, after []byte) []byte {
	stored, old, now := parse(base), parse(before), parse(after)
	out := append(make([]byte, 0, len(base)+len(after)), '{')
	for _, m := range stored.members {
		was, known := old.find(m.Text())
		is, kept := now.find(m.Text())
		switch {
		case kept && known && bytes.Equal(was, is), !kept && !known:
			out = appendMember(out, m.Name, m.Value)
		case kept && known && isObject(m.Value) && isObject(was) && isObject(is):
			out = appendMember(out, m.Name, Merge(m.Value, was, is))
		case kept:
			out = appendMember(out, m.Name, is)
		}
	}
	for _, m := range now.members {
		if _, present := stored.find(m.Text()); !present {
			out = appendMember(out, m.Name, m.Value)
		}
	}
	return append(out, '}')
}

// Patch applies a JSON merge patch (RFC 7386) to target: null removes a
// member, objects are merged, everything else replaces.
func Patch(target, patch []byte) []byte {
	if !isObject(patch) {
		return patch
	}
	if !isObject(target) {
		target = []byte("{}")
	}
	stored, changes := parse(target), parse(patch)
	out := append(make([]byte, 0, len(target)+len(patch)), '{')
	for _, m := range stored.members {
		change, ok := changes.find(m.Text())
		switch {
		case !ok:
			out = appendMember(out, m.Name, m.Value)
		case !isNull(change):
			out = appendMember(out, m.Name, Patch(m.Value, change))
		}
	}
	for _, m := range changes.members {
		if _, present := stored.find(m.Text()); !present && !isNull(m.Value) {
			out = appendMember(out, m.Name, Patch(nil, m.Value))
		}
	}
	return append(out, '}')
}

// object is a parsed object; of several members with one name only the last
// is kept, as encoding/json reads it.
type object struct {
	members []Member
	at      map[string]int
}

func parse(text []byte) object {
	o := object{at: make(map[string]int)}
	for m := range Members(text) {
		name := m.Text()
		if at, repeated := o.at[name]; repeated {
			o.members[at] = m
			continue
		}
		o.at[name] = len(o.members)
		o.members = append(o.members, m)
	}
	return o
}

func (o object) find(name string) ([]byte, bool) {
	at, ok := o.at[name]
	if !ok {
		return nil, false
	}
	return o.members[at].Value, true
}

func appendMember(out, name, value []byte) []byte {
	if len(out) > 1 {
		out = append(out, ',')
	}
	out = append(out, name...)
	out = append(out, ':')
	return append(out, value...)
}

func isObject(value []byte) bool {
	i := skipSpace(value, 0)
	return i < len(value) && value[i] == '{'
}

func isNull(value []byte) bool { return string(bytes.TrimSpace(value)) == "null" }
