//go:build unix && !aix && !solaris && !linux

package fs

import "golang.org/x/sys/unix"

// readEntries reads all names in a folder that was just opened. What they stand
// for is left to kindIn, because each system lays its records out differently.
func readEntries(fd int) ([]entry, error) {
	if _, err := unix.Seek(fd, 0, 0); err != nil {
		return nil, err
	}
	var (
		entries []entry
		buffer  = make([]byte, 64<<10)
	)
	for {
		n, err := unix.ReadDirent(fd, buffer)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return entries, err
		}
		_, _, names := unix.ParseDirent(buffer[:n], -1, nil)
		for _, name := range names {
			entries = append(entries, entry{name: name})
		}
	}
}
