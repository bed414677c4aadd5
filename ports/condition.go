package ports

import "strconv"

// Version names one state of one object: an ETag on S3, a generation on
// Google Cloud Storage, a modification time on files. It is opaque, made by
// the adapter, and never empty for an object that exists.
//
// [OS-VER-1] Two states of a key with different bytes MUST have different
// versions. [OS-VER-2] Where Capabilities.UniqueVersions is true, every
// successful Put MUST give the key a version that it never had before, even
// for the same bytes and also across deletion. [OS-VER-3] Get, Stat, List and
// the answer of Put MUST agree on the version of a state, in every process.
type Version string

// Condition says in which state of the key a write may take effect. The
// store MUST check it and apply the write in one atomic step.
type Condition struct {
	mode    conditionMode
	version Version
}

type conditionMode uint8

const (
	modeAny conditionMode = iota
	modeAbsent
	modeVersion
)

var (
	// Any lets a write take effect whatever the state; the zero Condition.
	Any = Condition{}

	// IfAbsent lets a write take effect only where no object exists.
	IfAbsent = Condition{mode: modeAbsent}
)

// IfVersion lets a write take effect only on exactly this version. The empty
// version matches no object.
func IfVersion(v Version) Condition { return Condition{mode: modeVersion, version: v} }

// IsAny reports whether the condition always holds.
func (c Condition) IsAny() bool { return c.mode == modeAny }

// IsAbsent reports whether the condition is IfAbsent.
func (c Condition) IsAbsent() bool { return c.mode == modeAbsent }

// Version returns the version that IfVersion asked for; ok is false for the
// other conditions.
func (c Condition) Version() (v Version, ok bool) { return c.version, c.mode == modeVersion }

// Holds evaluates the condition against the current version of a key, which
// is empty when no object exists. It serves stores that hold a lock anyway.
func (c Condition) Holds(current Version) bool {
	switch c.mode {
	case modeAbsent:
		return current == ""
	case modeVersion:
		return current != "" && current == c.version
	default:
		return true
	}
}

// String is for messages: "any", "if absent", `if version "…"`.
func (c Condition) String() string {
	switch c.mode {
	case modeAbsent:
		return "if absent"
	case modeVersion:
		return "if version " + strconv.Quote(string(c.version))
	default:
		return "any"
	}
}
