package layout

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// blobSuffix keeps blobs apart from documents, and from folders.
const blobSuffix = ".blob"

// CheckBlob reports why name can't name a blob; the empty string means that it
// can. A name is one or more segments joined by "/"; those before the last
// follow the rules of collections, the last one those of ids.
func CheckBlob(name string) string {
	folder, last := SplitKey(name)
	if strings.Contains(name, "/") {
		if problem := CheckCollection(folder); problem != "" {
			return problem
		}
	}
	switch {
	case last == "":
		return "the name is empty, or its last segment is"
	case folder == "" && last[0] == '_':
		return "a name without a slash starts with an underscore, which is kept for the system"
	case !utf8.ValidString(last):
		return "the name is not valid UTF-8"
	case strings.ContainsRune(last, 0):
		return "the name holds a NUL"
	case len(Escape(last))+len(blobSuffix) > ports.MaxSegmentBytes:
		return fmt.Sprintf("the last segment is longer than %d bytes when escaped", ports.MaxSegmentBytes-len(blobSuffix))
	case len(BlobKey(name)) > ports.MaxKeyBytes:
		return fmt.Sprintf("the name is longer than %d bytes when escaped", ports.MaxKeyBytes-len(blobSuffix))
	}
	return ""
}

// BlobKey is the object key of a blob.
func BlobKey(name string) string { return BlobPrefix(name) + blobSuffix }

// BlobPrefix is the prefix of the object keys of all blobs whose names have the
// given one. Others may share it: that of "a.b" is also one of "a.blob", which is
// the key of "a".
func BlobPrefix(prefix string) string { return escapeSegments(prefix) }

// BlobName undoes BlobKey. It is false for keys that are not those of blobs.
func BlobName(key string) (string, bool) {
	escaped, ok := strings.CutSuffix(key, blobSuffix)
	if !ok || strings.HasPrefix(key, systemPrefix) {
		return "", false
	}
	segments := strings.Split(escaped, "/")
	for i, segment := range segments {
		text, err := Unescape(segment)
		if err != nil || strings.Contains(text, "/") {
			return "", false
		}
		segments[i] = text
	}
	name := strings.Join(segments, "/")
	return name, CheckBlob(name) == ""
}
