package core

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/tuple"
)

// filter is the compiled form of a query's conditions: a document matches if
// it fulfils all of them.
type filter []condition

// condition is what one value of a field must fulfil: an equality, or all
// comparisons of a query on that field.
type condition struct {
	field string
	path  []string
	fn    index.Extractor // instead of the path
	time  bool
	tests []comparison
}

type comparison struct {
	Predicate
	texts     [][]byte // the constants as JSON
	constants [][]byte // and encoded
}

// compileFilter resolves fields and encodes constants. Comparisons by order
// on one field are joined into one condition.
func compileFilter(predicates []Predicate, s *shape, docs *documents) (filter, error) {
	var f filter
	ranges := make(map[string]int)
	for _, p := range predicates {
		texts, timed, err := p.constants()
		if err != nil {
			return nil, err
		}
		at, joined := ranges[p.field]
		if !joined || !p.isRange() {
			c, err := compileField(p.field, s, docs)
			if err != nil {
				return nil, err
			}
			at = len(f)
			f = append(f, c)
			if p.isRange() {
				ranges[p.field] = at
			}
		}
		f[at].time = f[at].time || timed
		f[at].tests = append(f[at].tests, comparison{Predicate: p, texts: texts})
	}
	for i := range f {
		f[i].encode()
	}
	return f, nil
}

func compileField(field string, s *shape, docs *documents) (condition, error) {
	c := condition{field: field, path: strings.Split(field, "."), time: s.times[field]}
	if name, isCall := strings.CutSuffix(field, "()"); isCall {
		fn, ok := docs.holder.Extractor(name)
		if !ok {
			return c, fmt.Errorf("the field %q names no index function of the collection", field)
		}
		c.path, c.fn, c.time = nil, fn, true
		return c, nil
	}
	if problem := checkPath(field); problem != "" {
		return c, fmt.Errorf("%s", problem)
	}
	return c, nil
}

// encode encodes the constants, once it is known whether they are times.
func (c *condition) encode() {
	for i := range c.tests {
		test := &c.tests[i]
		for _, text := range test.texts {
			test.constants = append(test.constants, tuple.Append(nil, text, tuple.Mode{Time: c.time}))
		}
	}
}

// scratch is memory for encoded values that a goroutine borrows.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

func (f filter) match(members []byte) (bool, error) {
	if len(f) == 0 {
		return true, nil
	}
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	for i := range f {
		if ok, err := f[i].match(members, buffer); !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (c *condition) match(members []byte, buffer *[]byte) (matched bool, err error) {
	if c.fn != nil {
		return c.matchExtracted(members, buffer)
	}
	met := false
	try := func(value []byte) {
		met = true
		matched = matched || c.holds(value, buffer)
	}
	if fannedOut := rawjson.Visit(members, c.path, try); !fannedOut && !met {
		try(jsonNull)
	}
	return matched, nil
}

var jsonNull = []byte("null")

func (c *condition) holds(value []byte, buffer *[]byte) bool {
	*buffer = tuple.Append((*buffer)[:0], value, tuple.Mode{Time: c.time})
	for i := range c.tests {
		if !c.tests[i].test(*buffer, c.tests[i].constants) {
			return false
		}
	}
	return true
}

func (c *condition) matchExtracted(members []byte, buffer *[]byte) (bool, error) {
	values, err := c.fn(members)
	if err != nil {
		return false, fmt.Errorf("index function %s: %w", c.field, err)
	}
	for _, value := range values {
		text, err := json.Marshal(value)
		if err != nil {
			return false, fmt.Errorf("index function %s: %w", c.field, err)
		}
		if c.holds(text, buffer) {
			return true, nil
		}
	}
	return false, nil
}
