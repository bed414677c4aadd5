package fs

import (
	"bytes"
	"encoding/binary"
	"sync"

	"golang.org/x/sys/unix"
)

const (
	leastBuffer = 64 << 10
	mostGuess   = 4 << 20  // however large the folder says it is
	mostBuffer  = 64 << 20 // about a million names

	// largestRecord is what must be free for the kernel to find that no more
	// names come: a header, 255 bytes and a zero, rounded up.
	largestRecord = 280
)

var entryBuffers sync.Pool // of *[]byte

// readEntries reads all names in a folder that was just opened.
//
// The kernel holds the folder's lock for one call, so what one call returns is
// a snapshot. Between two calls a file may be renamed over another one, and on
// some file systems (btrfs) the name then moves to a place that was passed, or
// beyond the last one, and would be missing although it was there all the time.
// So the buffer is made large enough to read everything in one call.
func readEntries(fd int) ([]entry, error) {
	buffer := takeBuffer(leastBuffer)
	defer func() { entryBuffers.Put(&buffer) }()
	for first := true; ; first = false {
		filled, whole, err := fillOnce(fd, buffer, first)
		if err != nil {
			return nil, err
		}
		if whole {
			return parseEntries(buffer[:filled]), nil
		}
		if len(buffer) >= mostBuffer {
			return readPieces(fd, buffer)
		}
		if len(buffer) < 4*filled { // otherwise a signal cut the call short
			buffer = make([]byte, enough(fd, len(buffer)))
		}
	}
}

// enough guesses how large a buffer the whole folder needs. What it says of
// its own size means something else on each file system.
func enough(fd, tried int) int {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		st.Size = 0
	}
	return min(max(4*tried, leastBuffer+2*int(min(st.Size, mostGuess))), mostBuffer)
}

func takeBuffer(size int) []byte {
	if b, ok := entryBuffers.Get().(*[]byte); ok && len(*b) >= size {
		return *b
	}
	return make([]byte, size)
}

// fillOnce reads from the start; whole is false if one call was not enough.
func fillOnce(fd int, buffer []byte, atStart bool) (filled int, whole bool, err error) {
	if !atStart {
		if _, err := unix.Seek(fd, 0, 0); err != nil {
			return 0, false, err
		}
	}
	filled, err = getdents(fd, buffer)
	if err != nil || filled == 0 {
		return filled, true, err
	}
	if len(buffer)-filled < largestRecord {
		return filled, false, nil
	}
	more, err := getdents(fd, buffer[filled:])
	return filled, more == 0, err
}

// readPieces is for folders of more names than fit: the best that can be had.
func readPieces(fd int, buffer []byte) ([]entry, error) {
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		return nil, err
	}
	var all []entry
	for {
		n, err := getdents(fd, buffer)
		if err != nil || n == 0 {
			return all, err
		}
		all = append(all, parseEntries(buffer[:n])...)
	}
}

func getdents(fd int, buffer []byte) (n int, err error) {
	err = again(func() (err error) {
		n, err = unix.Getdents(fd, buffer)
		return err
	})
	return n, err
}

// parseEntries decodes struct linux_dirent64: inode (8 bytes), offset (8),
// length of the record (2), type (1), name, zeroes. All names share one string.
func parseEntries(records []byte) []entry {
	type span struct {
		end  int
		kind kind
	}
	var (
		text  = make([]byte, 0, len(records)/2)
		spans = make([]span, 0, len(records)/32)
	)
	for len(records) >= 20 {
		length := int(binary.NativeEndian.Uint16(records[16:]))
		record := records[:length]
		records = records[length:]
		name := record[19:]
		name = name[:bytes.IndexByte(name, 0)]
		if inode := binary.NativeEndian.Uint64(record); inode == 0 || string(name) == "." || string(name) == ".." {
			continue
		}
		text = append(text, name...)
		spans = append(spans, span{len(text), kindOf(record[18])})
	}
	names, entries, from := string(text), make([]entry, len(spans)), 0
	for i, s := range spans {
		entries[i] = entry{name: names[from:s.end], kind: s.kind}
		from = s.end
	}
	return entries
}

func kindOf(dirent byte) kind {
	switch dirent {
	case unix.DT_UNKNOWN:
		return kindUnknown
	case unix.DT_REG:
		return kindFile
	case unix.DT_DIR:
		return kindFolder
	}
	return kindOther
}
