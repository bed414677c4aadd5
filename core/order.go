package core

import (
	"bytes"
	"container/heap"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/rawjson"
	"github.com/smarterbase/smarterbase/core/internal/tuple"
)

// Direction says which way OrderBy sorts.
type Direction bool

// The directions.
const (
	Asc  Direction = false // least first
	Desc Direction = true  // greatest first
)

// orderField is one key of a sort.
type orderField struct {
	field      string
	path       []string
	descending bool
	time       bool
}

type ordering []orderField

func compileOrder(fields []orderField, s *shape) ordering {
	order := slices.Clone(fields)
	for i := range order {
		order[i].path = strings.Split(order[i].field, ".")
		order[i].time = s.times[order[i].field]
	}
	return order
}

// key makes bytes that sort as the documents do: a missing member counts as
// null, and documents that are equal otherwise sort by their ids.
func (o ordering) key(members []byte, id string) []byte {
	key := make([]byte, 0, len(o)*16+len(id))
	for i := range o {
		start := len(key)
		if value, ok := rawjson.Lookup(members, o[i].path); ok {
			key = tuple.Append(key, value, tuple.Mode{Time: o[i].time})
		} else {
			key = tuple.Null(key)
		}
		if o[i].descending {
			tuple.Complement(key[start:])
		}
	}
	return append(key, id...)
}

// best keeps the hits with the least keys, at most limit of them; 0: all.
type best struct {
	limit int
	hits  []hit
}

func (b *best) Len() int           { return len(b.hits) }
func (b *best) Less(i, j int) bool { return bytes.Compare(b.hits[i].key, b.hits[j].key) > 0 }
func (b *best) Swap(i, j int)      { b.hits[i], b.hits[j] = b.hits[j], b.hits[i] }
func (b *best) Push(x any)         { b.hits = append(b.hits, x.(hit)) }

// Pop is part of heap.Interface; nothing is ever popped.
func (b *best) Pop() any {
	last := b.hits[len(b.hits)-1]
	b.hits = b.hits[:len(b.hits)-1]
	return last
}

// add keeps the hit if it is among the best so far: the worst of them is at
// the root of the heap.
func (b *best) add(h hit) {
	switch {
	case b.limit == 0:
		b.hits = append(b.hits, h)
	case len(b.hits) < b.limit:
		heap.Push(b, h)
	case bytes.Compare(h.key, b.hits[0].key) < 0:
		b.hits[0] = h
		heap.Fix(b, 0)
	}
}

func (b *best) sorted() []hit {
	slices.SortFunc(b.hits, func(x, y hit) int { return bytes.Compare(x.key, y.key) })
	return b.hits
}
