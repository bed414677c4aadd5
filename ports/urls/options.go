package urls

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// Options returns the query parameters of a URL, and refuses with an error
// matching ports.ErrInvalidKey a query that is malformed, a parameter that is
// not among the known ones, and one that is given twice. The error names the
// parameter, never its value. A misspelt parameter must not be ignored: it
// could be the one that asked for durability.
func Options(u *url.URL, known ...string) (url.Values, error) {
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, optionError(u, errors.New("the query of the URL is malformed"))
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !slices.Contains(known, name):
			return nil, optionError(u, fmt.Errorf("unknown parameter %q (known: %s)", name, list(known)))
		case len(values[name]) > 1:
			return nil, optionError(u, fmt.Errorf("the parameter %q is given %d times", name, len(values[name])))
		}
	}
	return values, nil
}

func optionError(u *url.URL, cause error) error {
	return ports.Fail("read URL options", Redact(u), ports.ErrInvalidKey, cause)
}

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(slices.Values(names)), ", ")
}
