package s3

import "strings"

// Versitygw, which keeps objects as files, has files of its own among them: a
// folder at the top, and in each folder the files that it is just about to
// rename. It lists the latter as objects and the former never. It also lists
// U+FFFE and U+FFFF, which XML has no way to write, as another character.
const (
	temporaryFolder = ".sgwtmp"
	temporaryMark   = ".sgwtmp."
	unwritable      = "\ufffe\uffff"
)

// reserved reports whether a file-backed server may take key for its own.
func (b *bucket) reserved(key string) bool {
	return b.fileBacked() && (temporary(key) || strings.ContainsAny(key, unwritable))
}

func temporary(key string) bool {
	if first, _, _ := strings.Cut(key, "/"); first == temporaryFolder {
		return true
	}
	name := key[strings.LastIndexByte(key, '/')+1:]
	return name[0] == '.' && strings.Contains(name, temporaryMark)
}
