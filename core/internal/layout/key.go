package layout

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

const (
	documentSuffix = ".json"
	minioFolder    = "__XLDIR__" // how MinIO marks folders that are objects
	systemPrefix   = "_sb/"
)

// SystemPrefix is the prefix of all keys that belong to the system.
const SystemPrefix = systemPrefix

// ProbePrefix holds the scratch objects of the probe at open.
const ProbePrefix = systemPrefix + "probe/"

// CheckCollection reports why name can't name a collection; the empty string
// means that it can. A name is one or more segments joined by "/"; the root
// (free keys without a slash) is the empty name and is not checked here.
func CheckCollection(name string) string {
	if name == "" {
		return "the name is empty"
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return fmt.Sprintf("the name has a segment %q", segment)
		case segment[0] == '_':
			return "a segment starts with an underscore, which is kept for the system"
		case !utf8.ValidString(segment):
			return "the name is not valid UTF-8"
		case strings.ContainsRune(segment, 0):
			return "the name holds a NUL"
		case strings.HasSuffix(segment, documentSuffix), strings.HasSuffix(segment, blobSuffix):
			return "a segment ends in " + documentSuffix + " or " + blobSuffix + ", so an object could have the key of its folder"
		case strings.HasSuffix(segment, minioFolder):
			return "a segment ends in " + minioFolder + ", and MinIO lists nothing in such folders"
		case len(Escape(segment)) > ports.MaxSegmentBytes:
			return fmt.Sprintf("a segment is longer than %d bytes when escaped", ports.MaxSegmentBytes)
		}
	}
	return ""
}

// CheckID reports why id can't be a document id; the empty string means that
// it can.
func CheckID(id string) string {
	switch {
	case id == "":
		return "the id is empty"
	case !utf8.ValidString(id):
		return "the id is not valid UTF-8"
	case strings.ContainsRune(id, 0):
		return "the id holds a NUL"
	case len(Escape(id))+len(documentSuffix) > ports.MaxSegmentBytes:
		return fmt.Sprintf("the id is longer than %d bytes when escaped", ports.MaxSegmentBytes-len(documentSuffix))
	}
	return ""
}

// SplitKey splits a free document key into its collection, which is the empty
// root for a key without a slash, and its id.
func SplitKey(key string) (collection, id string) {
	at := strings.LastIndexByte(key, '/')
	if at < 0 {
		return "", key
	}
	return key[:at], key[at+1:]
}

// Folder is the prefix of the object keys of a collection's documents.
func Folder(collection string) string {
	if collection == "" {
		return ""
	}
	return escapeSegments(collection) + "/"
}

// DocumentKey is the object key of a document, given its collection's Folder.
func DocumentKey(folder, id string) string { return folder + Escape(id) + documentSuffix }

// DocumentID undoes DocumentKey. It is false for keys that are not documents
// directly in that folder: system objects, nested collections, stray files.
func DocumentID(folder, key string) (string, bool) {
	name, ok := strings.CutPrefix(key, folder)
	if !ok || strings.IndexByte(name, '/') >= 0 {
		return "", false
	}
	name, ok = strings.CutSuffix(name, documentSuffix)
	if !ok || name == "" {
		return "", false
	}
	id, err := Unescape(name)
	return id, err == nil && !strings.ContainsRune(id, 0)
}

// IsStray reports whether a name directly in a collection's folder looks like
// a document, but is none.
func IsStray(name string) bool {
	return strings.HasSuffix(name, documentSuffix) && strings.IndexByte(name, '/') < 0
}

// ManifestKey is the object key of the index manifest of a collection.
func ManifestKey(collection string) string {
	if collection == "" {
		return systemPrefix + "index/~root.json"
	}
	return systemPrefix + "index/" + escapeSegments(collection) + documentSuffix
}

// ManifestPrefix holds the manifests of all collections.
const ManifestPrefix = systemPrefix + "index/"

// ManifestCollection undoes ManifestKey.
func ManifestCollection(key string) (string, bool) {
	name, ok := strings.CutPrefix(key, ManifestPrefix)
	if !ok {
		return "", false
	}
	if name, ok = strings.CutSuffix(name, documentSuffix); !ok || name == "~root" {
		return "", ok
	}
	segments := strings.Split(name, "/")
	for i, segment := range segments {
		plain, err := Unescape(segment)
		if err != nil {
			return "", false
		}
		segments[i] = plain
	}
	return strings.Join(segments, "/"), true
}

// Space is the name of a collection in an index.
func Space(collection string) string {
	if collection == "" {
		return "/"
	}
	return escapeSegments(collection)
}

func escapeSegments(collection string) string {
	if strings.IndexByte(collection, '/') < 0 {
		return Escape(collection)
	}
	segments := strings.Split(collection, "/")
	for i, segment := range segments {
		segments[i] = Escape(segment)
	}
	return strings.Join(segments, "/")
}
