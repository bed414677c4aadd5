package s3

import (
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// versionOf makes a version of an ETag: as the server gives it, in quotes. A
// few servers leave these out in lists.
func versionOf(etag string) ports.Version {
	if strings.HasPrefix(etag, `"`) || strings.HasPrefix(etag, `W/"`) || etag == "" {
		return ports.Version(etag)
	}
	return ports.Version(`"` + etag + `"`)
}

// possible reports whether versionOf could have made v. What could not is the
// version of no object, and servers differ in what they take it for.
func possible(v ports.Version) bool {
	body, ok := strings.CutPrefix(strings.TrimPrefix(string(v), "W/"), `"`)
	if !ok || len(body) < 2 || body[len(body)-1] != '"' {
		return false
	}
	return strings.IndexFunc(body[:len(body)-1], func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' }) < 0
}
