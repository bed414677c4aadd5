package fs

import (
	"fmt"

	"github.com/smarterbase/smarterbase/ports"
)

// rangeError says why a range can't be read.
type rangeError struct {
	asked ports.Range
	size  int64
}

func (e rangeError) Error() string {
	return fmt.Sprintf("the range is outside the object: %v, size %d", e.asked, e.size)
}
