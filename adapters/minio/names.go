package minio

import (
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// MinIO leaves "a/b" out of listings where "a" is an object, and file gateways
// refuse it. So no name that this package puts on a server is ever the folder of
// another one, and the order of names is that of the keys:
//
//   - an object whose last segment has a known extension has its key for a name;
//   - any other object has objectMark appended, the least byte that can follow.
//     After a segment of full length it stands in a segment of its own, and where
//     nothing can be below the key, because it is as long as keys can be, it is
//     left out;
//   - a folder that has a known extension, or whose name servers take for one of
//     their own and leave out of listings, has folderMark appended, which sorts as
//     the slash after it does: above "." with anything, below "0";
//   - a backslash, which MinIO takes for a slash in places, is written so that it
//     sorts the same: above "[" with anything, below "]".
//
// Keys hold no control characters, so an objectMark is never part of one. The
// two greatest characters are written as pairs, so that what is part of a key
// sorts below what is written with a single one.
const (
	objectMark = "\t"
	blankMark  = "\t~" // for keys of blanks alone, which the SDK takes for empty
	folderMark = ".\U0010FFFF"
	backslash  = "[\U0010FFFF"
)

var (
	escapes   = strings.NewReplacer(`\`, backslash, "\U0010FFFE", "\U0010FFFE\U0010FFFE", "\U0010FFFF", "\U0010FFFE\U0010FFFF")
	unescapes = strings.NewReplacer(backslash, `\`, "\U0010FFFE\U0010FFFE", "\U0010FFFE", "\U0010FFFE\U0010FFFF", "\U0010FFFF")
)

// hasExtension says whether a segment ends in an extension that files have and
// folders don't. The list is part of the format: a change of it renames objects.
func hasExtension(segment string) bool {
	dot := strings.LastIndexByte(segment, '.')
	if dot < 0 {
		return false
	}
	switch segment[dot+1:] {
	case "json", "seg", "log", // what the database itself writes
		"bin", "blob", "dat", "txt", "csv", "tsv", "jsonl", "ndjson", "parquet", "avro", "arrow",
		"xml", "yaml", "html", "css", "js", "pdf", "png", "jpg", "jpeg", "gif", "webp", "svg",
		"mp3", "mp4", "wav", "gz", "zst", "tar", "zip":
		return true
	}
	return false
}

// isMarkedFolder says whether a segment can't be the name of a folder.
func isMarkedFolder(segment string) bool {
	return hasExtension(segment) ||
		strings.HasSuffix(segment, "__XLDIR__") || // MinIO's for a key that ends in a slash
		segment == ".sgwtmp" // versitygw's for unfinished writes
}

// encode returns the name of a valid key, and false where it would be too long.
func encode(key string) (name string, ok bool) {
	if isPlain(key) {
		return key, true
	}
	at := strings.LastIndexByte(key, '/') + 1
	last := escaped(key[at:])
	name = encodeFolders(key[:at]) + last
	switch {
	case hasExtension(key[at:]) || len(key) > ports.MaxKeyBytes-len("/x"):
	case len(last) == ports.MaxSegmentBytes:
		name += "/" + objectMark
	case strings.TrimSpace(key) == "":
		name += blankMark
	default:
		name += objectMark
	}
	return name, fits(name)
}

// isPlain says whether a key is its own name. All keys of the database are.
func isPlain(key string) bool {
	if strings.IndexByte(key, objectMark[0]) >= 0 || mayEscape(key) {
		return false
	}
	for {
		folder, rest, more := strings.Cut(key, "/")
		if !more {
			return hasExtension(folder)
		}
		if isMarkedFolder(folder) {
			return false
		}
		key = rest
	}
}

// encodeFolders marks the segments of folders, which is empty or ends in "/".
func encodeFolders(folders string) string {
	if folders == "" {
		return ""
	}
	segments := strings.Split(folders[:len(folders)-1], "/")
	for i, segment := range segments {
		segments[i] = escaped(segment)
		if isMarkedFolder(segment) {
			segments[i] += folderMark
		}
	}
	return strings.Join(segments, "/") + "/"
}

// decode returns the key that has this name, and false for a name that this
// package gives to none: it belongs to another program.
func decode(name string) (key string, ok bool) {
	if isPlain(name) {
		return name, ports.ValidateKey(name) == nil
	}
	key = strings.TrimSuffix(strings.TrimSuffix(name, blankMark), objectMark)
	key = strings.TrimSuffix(key, "/")
	segments := strings.Split(key, "/")
	for i, segment := range segments {
		if i < len(segments)-1 {
			segment = strings.TrimSuffix(segment, folderMark)
		}
		if mayEscape(segment) {
			segment = unescapes.Replace(segment)
		}
		segments[i] = segment
	}
	key = strings.Join(segments, "/")
	again, ok := encode(key)
	return key, ok && again == name && ports.ValidateKey(key) == nil
}

// escaped writes a part of a key; the order of parts stays.
func escaped(part string) string {
	if !mayEscape(part) {
		return part
	}
	return escapes.Replace(part)
}

// mayEscape is false for nearly all: 0xf4 is the first byte of the greatest
// characters.
func mayEscape(part string) bool {
	return strings.IndexByte(part, 0xf4) >= 0 || strings.IndexByte(part, '\\') >= 0
}

// fits says whether servers take a name of that length.
func fits(name string) bool {
	for segment := range strings.SplitSeq(name, "/") {
		if len(segment) > ports.MaxSegmentBytes {
			return false
		}
	}
	return len(name) <= ports.MaxKeyBytes
}
