package core

import (
	"bytes"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/tuple"
)

// plan chooses the index that narrows the query most: the most fields that
// are compared for equality, then a comparison by order on the next field.
func (f filter) plan(ready []index.Definition) (index.Choice, bool) {
	var chosen index.Choice
	most := 0
	for _, d := range ready {
		choice, score := f.serve(d)
		if score > most {
			chosen, most = choice, score
		}
	}
	return chosen, most > 0
}

// serve answers the ranges of an index that hold every document that can
// match, and how well they narrow the search; 0: not at all.
func (f filter) serve(d index.Definition) (choice index.Choice, score int) {
	choice = index.Choice{Definition: d, Ranges: []index.Range{{}}}
	fields := max(len(d.Fields), 1)
	for i := range fields {
		if c, ok := f.find(d, i, true); ok {
			choice.Ranges = extend(choice.Ranges, c.points(d, i))
			score += 4
			if len(c.tests[0].constants) > 1 {
				return choice, score - 1 // several points: one range each, and no further
			}
			continue
		}
		if c, ok := f.find(d, i, false); ok {
			choice.Ranges = extend(choice.Ranges, []index.Range{c.span(d, i)})
			score += 2
		}
		break
	}
	return choice, score
}

// find answers a condition on a field of an index that it can serve.
func (f filter) find(d index.Definition, field int, equality bool) (*condition, bool) {
	for i := range f {
		c := &f[i]
		if c.tests[0].isRange() == equality || !c.on(d, field) {
			continue
		}
		if field == 0 && d.Optional && c.holds(jsonNull, new([]byte)) {
			continue
		}
		return c, true
	}
	return nil, false
}

func (c *condition) on(d index.Definition, field int) bool {
	if d.Extract != "" {
		return c.field == d.Extract+"()"
	}
	return c.field == d.Fields[field].Path && c.time == d.Fields[field].Time
}

func descending(d index.Definition, field int) bool {
	return field < len(d.Fields) && d.Fields[field].Descending
}

// points are the ranges of the values that an equality allows.
func (c *condition) points(d index.Definition, field int) []index.Range {
	ranges := make([]index.Range, 0, len(c.tests[0].texts))
	for _, text := range c.tests[0].texts {
		encoded := tuple.Append(nil, text, d.Mode(field))
		ranges = append(ranges, turn(index.Range{From: encoded, To: tuple.End(encoded)}, encoded, descending(d, field)))
	}
	return ranges
}

// span is the range between all bounds of a condition. The bounds themselves
// are always inside, since long values are cut in an index; the document
// decides.
func (c *condition) span(d index.Definition, field int) index.Range {
	var span index.Range
	for _, test := range c.tests {
		bound := tuple.Append(nil, test.texts[0], d.Mode(field))
		from, to := tuple.SameType(bound)
		switch test.op {
		case opGt, opGte:
			from = bound
		case opLt, opLte:
			to = tuple.End(bound)
		case opPrefix:
			from = tuple.PrefixOf(bound)
			to = tuple.End(from)
		}
		if span.From == nil || bytes.Compare(from, span.From) > 0 {
			span.From = from
		}
		if span.To == nil || bytes.Compare(to, span.To) < 0 {
			span.To = to
		}
	}
	return turn(span, nil, descending(d, field))
}

// turn makes the range of the complements, for a field in descending order.
// A point, given by its encoding, is turned exactly.
func turn(r index.Range, point []byte, descending bool) index.Range {
	switch {
	case !descending:
		return r
	case point != nil:
		turned := bytes.Clone(point)
		tuple.Complement(turned)
		return index.Range{From: turned, To: tuple.End(turned)}
	default:
		// x in [from, to) means that ^x is greater than ^to and at most ^from
		// and its continuations.
		from, to := bytes.Clone(r.To), bytes.Clone(r.From)
		tuple.Complement(from)
		tuple.Complement(to)
		return index.Range{From: from, To: tuple.End(to)}
	}
}

// extend appends each next range to each point before it.
func extend(points, next []index.Range) []index.Range {
	var all []index.Range
	for _, point := range points {
		for _, r := range next {
			joined := index.Range{From: concat(point.From, r.From), To: tuple.End(point.From)}
			if r.To != nil {
				joined.To = concat(point.From, r.To)
			}
			all = append(all, joined)
		}
	}
	return all
}

func concat(a, b []byte) []byte { return append(a[:len(a):len(a)], b...) }
