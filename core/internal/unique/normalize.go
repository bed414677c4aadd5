package unique

import (
	"errors"
	"fmt"
	"strings"
)

// A Normalizer maps spellings that count as one value to one of them. It must
// always answer the same for the same text, and the same again for its answer.
type Normalizer func(text string) string

// ErrNoNormalizer says that the manifest names a function that this program lacks.
var ErrNoNormalizer = errors.New("this program does not register the normaliser")

var builtIn = map[string]Normalizer{
	"trim":  strings.TrimSpace,
	"lower": strings.ToLower,
	"email": func(text string) string { return strings.ToLower(strings.TrimSpace(text)) },
}

// IsBuiltIn reports whether every program knows the normaliser.
func IsBuiltIn(name string) bool { return name == "" || builtIn[name] != nil }

// Register makes a normaliser known to this program.
func (c *Checker) Register(name string, fn Normalizer) { c.normalizers.Store(name, fn) }

// Normalizer answers the function of that name; nil for the empty one.
func (c *Checker) Normalizer(name string) (Normalizer, error) {
	if IsBuiltIn(name) {
		return builtIn[name], nil
	}
	if fn, ok := c.normalizers.Load(name); ok {
		return fn.(Normalizer), nil
	}
	return nil, fmt.Errorf("%w: %s", ErrNoNormalizer, name)
}
