package s3

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// maxOffset is beyond the end of any object (50 TiB). What lies further out is
// not sent: servers differ in what they make of it.
const maxOffset = 50 << 40

// rangeHeader returns the header for a range; nil for a whole object.
func rangeHeader(r ports.Range) (*string, error) {
	if r.Offset < 0 || r.Length < 0 {
		return nil, errRange
	}
	if r.IsWhole() {
		return nil, nil
	}
	header := "bytes=" + strconv.FormatInt(r.Offset, 10) + "-"
	if r.Length > 0 && r.Length <= maxOffset {
		header += strconv.FormatInt(r.Offset+r.Length-1, 10)
	}
	return &header, nil
}

// contentRange reads "bytes 3-9/10".
func contentRange(header *string) (from, length, size int64, err error) {
	if header == nil {
		return 0, 0, 0, fmt.Errorf("the server ignores the range")
	}
	span, total, ok := strings.Cut(strings.TrimPrefix(*header, "bytes "), "/")
	first, last, ok2 := strings.Cut(span, "-")
	from, err1 := strconv.ParseInt(first, 10, 64)
	to, err2 := strconv.ParseInt(last, 10, 64)
	size, err3 := strconv.ParseInt(total, 10, 64)
	if !ok || !ok2 || err1 != nil || err2 != nil || err3 != nil || from < 0 || to < from || to >= size {
		return 0, 0, 0, fmt.Errorf("the server answers the range %q", *header)
	}
	return from, to - from + 1, size, nil
}
