package ports

import (
	"fmt"
	"time"
)

// ObjectInfo describes one state of an object without its bytes.
type ObjectInfo struct {
	Key     string
	Version Version
	Size    int64     // bytes
	ModTime time.Time // by the store's clock; for people and for age checks only
}

// Object is one state of an object, whole or the asked range of it. Size is
// that of the whole object.
type Object struct {
	ObjectInfo
	Data []byte
}

// Range asks for Length bytes from Offset. A Length of 0 means to the end.
// The zero Range is the whole object.
type Range struct {
	Offset int64 // 0 or more
	Length int64 // 0 or more
}

// IsWhole reports whether the range is the whole object.
func (r Range) IsWhole() bool { return r == Range{} }

// Within returns the half-open byte interval [from, to) of an object of size
// bytes, and false if the range is negative or starts at or beyond the end of
// an object that has bytes. A range that reaches over the end is cut.
func (r Range) Within(size int64) (from, to int64, ok bool) {
	if r.Offset < 0 || r.Length < 0 || (r.Offset > 0 && r.Offset >= size) {
		return 0, 0, false
	}
	if r.Length == 0 || r.Length > size-r.Offset {
		return r.Offset, size, true
	}
	return r.Offset, r.Offset + r.Length, true
}

// String is for messages.
func (r Range) String() string { return fmt.Sprintf("offset %d, length %d", r.Offset, r.Length) }

// GetOptions refines a Get. The zero value asks for the whole object.
type GetOptions struct {
	IfNoneMatch Version // answer ErrNotModified if this is the current version
	Range       Range
}

// ListOptions selects what a List yields. The zero value asks for all keys.
type ListOptions struct {
	Prefix     string // any byte prefix, not only whole segments
	StartAfter string // only keys greater than this one
	EndBefore  string // only keys less than this one; empty: no bound
	Limit      int    // at most this many; 0: no limit; the caller gives none below

	// KeysOnly tells the store that only ObjectInfo.Key will be looked at;
	// it MAY leave the other fields zero if that saves it work.
	KeysOnly bool
}
