package bolt

import (
	"bytes"

	"go.etcd.io/bbolt"
)

// layers reads one set as it is now: what the file has, over it the changes
// that are on their way to the file, and over these the newest ones.
type layers struct {
	file         *bbolt.Cursor // nil where the file does not have the set
	member       []byte        // where file is; nil at its end
	older, newer position
}

func (l *layers) seek(from []byte) {
	if l.file != nil {
		l.member, _ = l.file.Seek(from)
	}
}

// next returns the next member, or nil at the end. It is memory of bbolt or of
// the changes, so the caller copies it.
func (l *layers) next() []byte {
	for {
		change, found := l.peek()
		order := -1 // of the member in the file, compared with the change
		switch {
		case !found && l.member == nil:
			return nil
		case l.member == nil:
			order = 1
		case found:
			order = bytes.Compare(l.member, change.member)
		}
		member := l.member
		if order <= 0 {
			l.member, _ = l.file.Next()
		}
		if order < 0 {
			return member
		}
		l.pass(change.member)
		if change.added {
			return change.member
		}
	}
}

// peek returns the change of the least member; of two the newer one.
func (l *layers) peek() (change, bool) {
	switch {
	case !l.newer.valid() && !l.older.valid():
		return change{}, false
	case !l.newer.valid():
		return l.older.change(), true
	case !l.older.valid() || bytes.Compare(l.newer.change().member, l.older.change().member) <= 0:
		return l.newer.change(), true
	default:
		return l.older.change(), true
	}
}

// pass goes on behind the changes of a member.
func (l *layers) pass(member []byte) {
	for _, p := range []*position{&l.newer, &l.older} {
		if p.valid() && bytes.Equal(p.change().member, member) {
			p.next()
		}
	}
}
