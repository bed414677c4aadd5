package unique

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/tuple"
)

// ErrUnusable says that the document has what can't be a unique value.
var ErrUnusable = errors.New("the document has values that can't be unique")

// Value is one value of a constraint: a component for each field.
type Value struct {
	Key  string          // of the claim
	Text json.RawMessage // as normalised; of several fields an array
}

// component is one value of one field.
type component struct {
	encoded []byte
	text    []byte
}

// valuesOf lists the values of a document, each once. problem says what could
// not be made a value; the others come all the same.
func (c *Checker) valuesOf(d Definition, members []byte) (values []Value, problem error, err error) {
	if members == nil {
		return nil, nil, nil
	}
	tuples := [][]component{nil}
	for _, field := range d.Fields {
		components, bad, err := c.components(d, field, members)
		if err != nil {
			return nil, nil, err
		}
		problem = errors.Join(problem, bad)
		if len(tuples)*len(components) > manyTuples {
			return nil, tooMany(d), nil
		}
		tuples = product(tuples, components)
	}
	seen := make(map[string]bool, len(tuples))
	for _, t := range tuples {
		if v := c.value(d, t); !seen[v.Key] {
			seen[v.Key] = true
			values = append(values, v)
		}
	}
	return values, problem, nil
}

// manyTuples bounds the work on documents that have far more values than they
// may.
const manyTuples = 1000 * MaxClaims

func tooMany(d Definition) error {
	return fmt.Errorf("%w: with %s there are more than %d of them", ErrUnusable, d, MaxClaims)
}

// components are the values of one field. An array stands for its elements, a
// member that is missing for null.
func (c *Checker) components(d Definition, field Field, members []byte) (all []component, problem error, err error) {
	normalize, err := c.Normalizer(field.Normalize)
	if err != nil {
		return nil, nil, fmt.Errorf("unique constraint %s: %w", d.Name, err)
	}
	add := func(value []byte) {
		if value[0] == '{' || value[0] == '[' {
			problem = fmt.Errorf("%w: the field %q holds an object, or an array in an array", ErrUnusable, field.Path)
			return
		}
		text := value
		if value[0] == '"' && normalize != nil {
			text = quote(normalize(rawjson.Unquote(value)))
		}
		if d.Optional && (string(text) == "null" || string(text) == `""`) {
			return
		}
		all = append(all, component{tuple.Append(nil, text, tuple.Mode{}), text})
	}
	if fannedOut := rawjson.Visit(members, strings.Split(field.Path, "."), add); !fannedOut && len(all) == 0 && problem == nil {
		add([]byte("null"))
	}
	return all, problem, nil
}

// quote makes a JSON string.
func quote(text string) []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(text) // a string can't fail
	return bytes.TrimSpace(b.Bytes())
}

func product(tuples [][]component, components []component) [][]component {
	out := make([][]component, 0, len(tuples)*len(components))
	for _, head := range tuples {
		for _, last := range components {
			out = append(out, append(head[:len(head):len(head)], last))
		}
	}
	return out
}

func (c *Checker) value(d Definition, components []component) Value {
	var encoded, text []byte
	for i, one := range components {
		if encoded = append(encoded, one.encoded...); i > 0 {
			text = append(text, ',')
		}
		text = append(text, one.text...)
	}
	if len(components) > 1 {
		text = append(append([]byte{'['}, text...), ']')
	}
	return Value{Key: layout.ClaimKey(c.Collection, d.Name, sha256.Sum256(encoded)), Text: text}
}

// has reports whether a document has the value that a claim is for.
func (c *Checker) has(d Definition, key string, members []byte) (bool, error) {
	values, _, err := c.valuesOf(d, members)
	for _, v := range values {
		if v.Key == key {
			return true, nil
		}
	}
	return false, err
}
