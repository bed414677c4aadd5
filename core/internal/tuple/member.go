package tuple

import (
	"encoding/binary"
	"errors"

	"github.com/smarterbase/smarterbase/core/internal/revision"
)

// Member builds a member of an index set: the encoded values, then the
// document's id, NUL, the revision, and the length of the id. Members sort by
// values, then id, then revision, and can be taken apart from their end.
func Member(values []byte, id string, rev revision.Revision) []byte {
	member := make([]byte, 0, len(values)+len(id)+tailBytes)
	member = append(append(member, values...), id...)
	member = append(member, 0)
	member = binary.BigEndian.AppendUint64(member, uint64(rev))
	return binary.BigEndian.AppendUint16(member, uint16(len(id)))
}

const tailBytes = 1 + 8 + 2

var errMember = errors.New("not a member of an index set")

// Split takes a member apart.
func Split(member []byte) (values []byte, id string, rev revision.Revision, err error) {
	if len(member) < tailBytes {
		return nil, "", 0, errMember
	}
	tail := member[len(member)-tailBytes:]
	length := int(binary.BigEndian.Uint16(tail[9:]))
	at := len(member) - tailBytes - length
	if at < 0 || tail[0] != 0 {
		return nil, "", 0, errMember
	}
	return member[:at], string(member[at : at+length]), revision.Revision(binary.BigEndian.Uint64(tail[1:])), nil
}
