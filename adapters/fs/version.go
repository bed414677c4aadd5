//go:build unix && !aix && !solaris

package fs

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"math"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/smarterbase/smarterbase/ports"
)

// versions makes versions out of files: from the modification time, or from
// the content where the file system keeps times too coarsely.
type versions struct {
	// quantum is the smallest step of a modification time in nanoseconds; 0
	// makes versions hashes.
	quantum int64
	clock   ports.Clock
}

func (v versions) hashed() bool { return v.quantum == 0 }

// after returns the time for the next state of a key: now, or, where the clock
// is behind, the smallest one greater than the previous state's.
func (v versions) after(previous int64) int64 {
	now := v.clock.Now().UnixNano()
	if v.hashed() {
		return now
	}
	now -= now % v.quantum
	if now > previous {
		return now
	}
	next := previous + v.quantum
	return next - next%v.quantum
}

// digest is what a draft of this kind of version needs.
func (v versions) digest() hash.Hash {
	if v.hashed() {
		return sha256.New()
	}
	return nil
}

// ofDraft returns the version that the draft will have once in place.
func (v versions) ofDraft(d *draft) ports.Version {
	if v.hashed() {
		return hashVersion(d.digest)
	}
	return timeVersion(d.stamp)
}

// ofFile returns the version of an open file.
func (v versions) ofFile(fd int, st *unix.Stat_t) (ports.Version, error) {
	if !v.hashed() {
		return timeVersion(st.Mtim.Nano()), nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, io.NewSectionReader(descriptor(fd), 0, st.Size)); err != nil {
		return "", during("read for version", err)
	}
	return hashVersion(h), nil
}

// timeVersion is readable on purpose: it can be compared with what ls shows.
func timeVersion(stamp int64) ports.Version {
	return ports.Version(strconv.FormatInt(stamp, 10))
}

func hashVersion(h hash.Hash) ports.Version {
	return ports.Version(base64.RawURLEncoding.EncodeToString(h.Sum(nil)))
}

// state is what stands at a key's place.
type state struct {
	exists  bool
	size    int64
	stamp   int64 // modification time in nanoseconds
	version ports.Version
}

// stateAt examines a name in an open folder.
func (v versions) stateAt(dir int, name string) (state, error) {
	var st unix.Stat_t
	err := statAt(dir, name, &st)
	if errors.Is(err, unix.ENOENT) {
		return state{stamp: math.MinInt64}, nil
	}
	if err != nil {
		return state{}, during("stat", err)
	}
	if !isKind(&st, unix.S_IFREG) {
		return state{}, refuse(ports.ErrInvalidKey, errNotFile)
	}
	found := state{exists: true, size: st.Size, stamp: st.Mtim.Nano()}
	if !v.hashed() {
		found.version = timeVersion(found.stamp)
		return found, nil
	}
	fd, err := openAt(dir, name, openFileFlags, 0)
	if errors.Is(err, unix.ENOENT) {
		return state{stamp: math.MinInt64}, nil
	}
	if err != nil {
		return state{}, during("open for version", err)
	}
	defer func() { _ = unix.Close(fd) }()
	// What was opened may be a newer file than what was examined.
	if err := unix.Fstat(fd, &st); err != nil {
		return state{}, during("stat", err)
	}
	found.size, found.stamp = st.Size, st.Mtim.Nano()
	found.version, err = v.ofFile(fd, &st)
	return found, err
}

// info describes an object that exists.
func (s state) info(key string) ports.ObjectInfo {
	return ports.ObjectInfo{Key: key, Version: s.version, Size: s.size, ModTime: time.Unix(0, s.stamp)}
}
