package fs

import "github.com/smarterbase/smarterbase/ports"

// Sync says when a write counts as done.
type Sync uint8

const (
	// SyncFull flushes file and folder to the disk before a write returns, so
	// that it survives a power cut. It is the default.
	SyncFull Sync = iota

	// SyncNone leaves flushing to the operating system. A write survives the
	// death of the process, but after a power cut objects may be missing, old
	// or empty. For data that can be thrown away, such as in tests.
	SyncNone
)

// Options refines Open. The zero value is durable and right for most.
type Options struct {
	// Sync says when a write counts as done. Any value but SyncFull and
	// SyncNone is refused by Open with ports.ErrUnsupported.
	Sync Sync

	// Clock gives the time that versions are made from, and the waits for a
	// lock that another process holds; nil is the clock of the machine.
	Clock ports.Clock

	// What the file system can do is found out by Open; tests force the poorer
	// branches that it would not take on theirs.
	forceFold bool // as if the file system ignored case
	forceHash bool // as if its times were too coarse for versions
	forceWalk bool // as if the kernel had no openat2
	forceLink bool // as if it could not rename without replacing
}
