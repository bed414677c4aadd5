package revision

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Revision is 64 bits: milliseconds since 1970 in the high 42, random in the
// low 22. The zero Revision belongs to documents that nobody wrote through
// this library, and is less than every other.
type Revision uint64

const (
	randomBits = 22
	randomMask = 1<<randomBits - 1

	// TextLen is the length of the text form.
	TextLen = 13

	alphabet = "0123456789abcdefghjkmnpqrstvwxyz"
)

// Next makes the revision of a write that replaces previous (zero for none)
// at the time now, from 64 random bits. It is always greater than previous,
// whatever the clock says. The random part is drawn in both cases: writers
// whose clocks are behind must not agree on previous+1, or one of them would
// take the other's write for its own.
func Next(previous Revision, now time.Time, random uint64) Revision {
	spread := Revision(random & randomMask)
	byClock := Revision(max(now.UnixMilli(), 1))<<randomBits | spread
	if next := previous + 1 + spread; next > previous {
		return max(byClock, next)
	}
	return 1<<64 - 1 // somebody wrote a revision of the end of time
}

// Time is the wall clock of the writer, to the millisecond, if its clock was
// right. For people, never for decisions.
func (r Revision) Time() time.Time { return time.UnixMilli(int64(r >> randomBits)) }

// AppendTo appends the 13 characters that sort as the number does.
func (r Revision) AppendTo(dst []byte) []byte {
	var text [TextLen]byte
	for i := TextLen - 1; i >= 0; i-- {
		text[i] = alphabet[r&31]
		r >>= 5
	}
	return append(dst, text[:]...)
}

// String is the text form.
func (r Revision) String() string { return string(r.AppendTo(nil)) }

var errFormat = errors.New("not a revision: want 13 characters of 0-9 and a-z without i, l, o, u")

// Parse reads the text form.
func Parse[S string | []byte](text S) (Revision, error) {
	if len(text) != TextLen || text[0] > 'f' {
		return 0, fmt.Errorf("%w: %q", errFormat, string(text))
	}
	var r Revision
	for i := range TextLen {
		digit := strings.IndexByte(alphabet, text[i])
		if digit < 0 {
			return 0, fmt.Errorf("%w: %q", errFormat, string(text))
		}
		r = r<<5 | Revision(digit)
	}
	return r, nil
}
