//go:build unix && !aix && !solaris

package fs

import (
	"errors"

	"golang.org/x/sys/unix"
)

// kind says what a name in a folder stands for.
type kind uint8

const (
	kindUnknown kind = iota // the folder does not say
	kindFile
	kindFolder
	kindOther
)

// entry is a name in a folder.
type entry struct {
	name string
	kind kind
}

// kindIn finds out what the folder did not say.
func (e entry) kindIn(dir int) (kind, error) {
	if e.kind != kindUnknown {
		return e.kind, nil
	}
	var st unix.Stat_t
	err := statAt(dir, e.name, &st)
	switch {
	case errors.Is(err, unix.ENOENT):
		return kindOther, nil // gone
	case err != nil:
		return kindOther, err
	case isKind(&st, unix.S_IFREG):
		return kindFile, nil
	case isKind(&st, unix.S_IFDIR):
		return kindFolder, nil
	}
	return kindOther, nil
}
