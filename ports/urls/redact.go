package urls

import (
	"errors"
	"net/url"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// Redact writes a URL for messages and logs: the password is replaced by
// "xxxxx" and the query is left out, because parameters may be secrets, too.
func Redact(u *url.URL) string {
	shown := *u
	shown.RawQuery, shown.ForceQuery = "", false
	shown.Fragment, shown.RawFragment = "", ""
	if shown.Opaque != "" { // "user:password@host" parses as scheme "user"
		shown.Opaque = "xxxxx"
	}
	return shown.Redacted()
}

// parse hides the cause that url.Parse gives: it quotes pieces of the URL, and
// an unescaped "/" in a password makes the password such a piece.
func parse(op, rawURL string) (*url.URL, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		scheme, _, found := strings.Cut(rawURL, "://")
		if !found || !validScheme(strings.ToLower(scheme)) {
			scheme = ""
		}
		return nil, ports.Fail(op, scheme, ports.ErrInvalidKey,
			errors.New("the URL can't be parsed; special characters of user, password and path must be percent-encoded"))
	}
	if u.Scheme == "" {
		return nil, ports.Fail(op, "", ports.ErrInvalidKey,
			errors.New(`the URL has no scheme; a folder is written file://./data`))
	}
	return u, nil
}
