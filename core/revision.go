package core

import (
	"bytes"
	"cmp"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/revision"
)

// Revision names one write of one document. Revisions of a document only
// grow, whatever clocks say. A Revision that came with a document also
// remembers what was read, which lets a conditional write do without reading
// again; it is opaque beyond its text. The zero Revision belongs to no write,
// or to a document that was put there by other means.
type Revision struct {
	number revision.Revision
	origin *origin
}

// origin is the stored state that a revision was read from or written as.
type origin struct {
	docs    *documents
	state   cas.State
	content []byte // the user's members
	schema  int
}

// ParseRevision reads the text form, such as from an HTTP If-Match header.
func ParseRevision(text string) (Revision, error) {
	number, err := revision.Parse(text)
	if err != nil {
		return Revision{}, invalid("parse revision", "", "", "%w", err)
	}
	return Revision{number: number}, nil
}

// edited reports whether a document at this revision is not the one that was
// read then: programs that know nothing of revisions leave them alone.
func (r Revision) edited(docs *documents, base current) bool {
	from := r.origin
	return from != nil && from.docs == docs && from.state.Key == base.state.Key && !bytes.Equal(from.content, base.members)
}

// String is the text form, 13 characters that sort as the revisions do; empty
// for the zero Revision.
func (r Revision) String() string {
	if r.number == 0 {
		return ""
	}
	return r.number.String()
}

// IsZero reports whether r belongs to no write.
func (r Revision) IsZero() bool { return r.number == 0 }

// Compare is negative if r is older than other, 0 if they are the same write,
// positive if r is newer. Only revisions of one document can be compared.
func (r Revision) Compare(other Revision) int { return cmp.Compare(r.number, other.number) }

// Time is when the write was made by its writer's clock, to the millisecond.
// For people: where clocks disagree it can be ahead.
func (r Revision) Time() time.Time { return r.number.Time() }

// MarshalText writes the text form.
func (r Revision) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the text form; the empty text is the zero Revision.
func (r *Revision) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = Revision{}
		return nil
	}
	parsed, err := ParseRevision(string(text))
	*r = parsed
	return err
}
