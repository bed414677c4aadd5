package index

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/tuple"
	"github.com/smarterbase/smarterbase/ports"
)

// Limits of definitions and documents.
const (
	MaxFields  = 8    // of one index
	MaxEntries = 1000 // of one document in one index

	maxValueBytes = 1600 // encoded, all fields of an entry together
)

// Extractor computes the values of an index from a document's members.
type Extractor func(members []byte) ([]any, error)

// Mode is how a field of a definition encodes its values.
func (d Definition) Mode(field int) tuple.Mode {
	mode := tuple.Mode{Limit: maxValueBytes, Time: d.Extract != ""}
	if field < len(d.Fields) {
		mode.Time = d.Fields[field].Time
		mode.Limit = maxValueBytes / len(d.Fields)
	}
	return mode
}

// Entries lists the entries of a document in an index.
func (d Definition) Entries(id string, rev revision.Revision, members []byte, extract map[string]Extractor) ([]ports.Entry, error) {
	tuples, err := d.tuples(members, extract)
	if err != nil {
		return nil, err
	}
	if len(tuples) > MaxEntries {
		return nil, fmt.Errorf("index %s: %w: it has more than %d entries", d.Name, ErrNotIndexable, MaxEntries)
	}
	set := d.Set()
	entries := make([]ports.Entry, len(tuples))
	for i, values := range tuples {
		entries[i] = ports.Entry{Set: set, Member: tuple.Member(values, id, rev)}
	}
	return entries, nil
}

func (d Definition) tuples(members []byte, extract map[string]Extractor) ([][]byte, error) {
	if d.Extract != "" {
		return d.extracted(members, extract)
	}
	tuples := [][]byte{nil}
	for i, field := range d.Fields {
		values := d.fieldValues(i, members)
		if i == 0 && d.Optional {
			values = withoutNull(values, field.Descending)
		}
		if len(tuples)*len(values) > MaxEntries {
			return nil, fmt.Errorf("index %s: %w: it has more than %d entries", d.Name, ErrNotIndexable, MaxEntries)
		}
		tuples = product(tuples, values)
	}
	return tuples, nil
}

// fieldValues encodes each value of a field. A missing one counts as null. An
// empty array has none: nothing that is said about its elements holds. Behind
// the first field it counts as null, too, or else conditions on the fields
// before it would not find the document.
func (d Definition) fieldValues(i int, members []byte) (values [][]byte) {
	field, mode := d.Fields[i], d.Mode(i)
	add := func(value []byte) {
		encoded := tuple.Append(nil, value, mode)
		if field.Descending {
			tuple.Complement(encoded)
		}
		values = append(values, encoded)
	}
	if fannedOut := rawjson.Visit(members, strings.Split(field.Path, "."), add); len(values) == 0 && (!fannedOut || i > 0) {
		add([]byte("null"))
	}
	return values
}

func withoutNull(values [][]byte, descending bool) [][]byte {
	kept := values[:0]
	for _, value := range values {
		null := tuple.Null(nil)
		if descending {
			tuple.Complement(null)
		}
		if string(value) != string(null) {
			kept = append(kept, value)
		}
	}
	return kept
}

func product(tuples, values [][]byte) [][]byte {
	if len(tuples) == 1 && len(tuples[0]) == 0 {
		return values
	}
	out := make([][]byte, 0, len(tuples)*len(values))
	for _, head := range tuples {
		for _, value := range values {
			out = append(out, append(head[:len(head):len(head)], value...))
		}
	}
	return out
}

func (d Definition) extracted(members []byte, extract map[string]Extractor) ([][]byte, error) {
	fn, ok := extract[d.Extract]
	if !ok {
		return nil, fmt.Errorf("index %s: %w: %s", d.Name, ErrNoExtractor, d.Extract)
	}
	values, err := fn(members)
	if err != nil {
		return nil, fmt.Errorf("index %s: %w: %w", d.Name, ErrNotIndexable, err)
	}
	tuples := make([][]byte, 0, len(values))
	for _, value := range values {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("index %s: %w: %w", d.Name, ErrNotIndexable, err)
		}
		tuples = append(tuples, tuple.Append(nil, raw, d.Mode(0)))
	}
	return tuples, nil
}
