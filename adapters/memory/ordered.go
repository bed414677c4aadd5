package memory

import (
	"iter"
	"slices"
	"sort"
	"strings"
)

// maxBlock keeps the memory that one insertion moves to a few kilobytes.
const maxBlock = 256

// ordered is a map whose keys are in byte order: a list of sorted blocks. A
// key is found by one binary search for its block and one in it; an insertion
// moves a part of one block, and once in maxBlock/2 times a part of the list
// of blocks, which has n/128 elements. That is far simpler than a balanced
// tree and as quick for the millions of keys that fit in memory. The zero
// value is empty. It is not safe for concurrent use.
type ordered[V any] struct {
	blocks [][]pair[V] // none of them empty
}

type pair[V any] struct {
	key   string
	value V
}

// find returns where key is, or else where it belongs.
func (o *ordered[V]) find(key string) (block, at int, found bool) {
	after := sort.Search(len(o.blocks), func(i int) bool { return o.blocks[i][0].key > key })
	if after == 0 {
		return 0, 0, false
	}
	at, found = slices.BinarySearchFunc(o.blocks[after-1], key, func(p pair[V], key string) int {
		return strings.Compare(p.key, key)
	})
	return after - 1, at, found
}

func (o *ordered[V]) get(key string) (value V, found bool) {
	block, at, found := o.find(key)
	if found {
		value = o.blocks[block][at].value
	}
	return value, found
}

func (o *ordered[V]) set(key string, value V) {
	block, at, found := o.find(key)
	switch {
	case found:
		o.blocks[block][at].value = value
		return
	case len(o.blocks) == 0:
		o.blocks = append(o.blocks, nil)
	case len(o.blocks[block]) == maxBlock:
		o.split(block)
		block, at, _ = o.find(key)
	}
	o.blocks[block] = slices.Insert(o.blocks[block], at, pair[V]{key, value})
}

// split moves the greater half of a block into a new one behind it. Both are
// copied, because the old array would keep alive what was moved.
func (o *ordered[V]) split(block int) {
	full := o.blocks[block]
	o.blocks[block] = slices.Clone(full[:maxBlock/2])
	o.blocks = slices.Insert(o.blocks, block+1, slices.Clone(full[maxBlock/2:]))
}

func (o *ordered[V]) remove(key string) {
	block, at, found := o.find(key)
	if !found {
		return
	}
	if o.blocks[block] = slices.Delete(o.blocks[block], at, at+1); len(o.blocks[block]) == 0 {
		o.blocks = slices.Delete(o.blocks, block, block+1)
	}
}

// from walks the keys that are not less than key. Nothing may be changed
// meanwhile.
func (o *ordered[V]) from(key string) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		block, at, _ := o.find(key)
		for ; block < len(o.blocks); block, at = block+1, 0 {
			for _, p := range o.blocks[block][at:] {
				if !yield(p.key, p.value) {
					return
				}
			}
		}
	}
}

// before counts the keys less than key; it looks at each block, not each key.
func (o *ordered[V]) before(key string) int {
	block, count, _ := o.find(key)
	for _, b := range o.blocks[:block] {
		count += len(b)
	}
	return count
}

func (o *ordered[V]) len() int {
	count := 0
	for _, b := range o.blocks {
		count += len(b)
	}
	return count
}

func (o *ordered[V]) clone() *ordered[V] {
	copied := &ordered[V]{blocks: make([][]pair[V], len(o.blocks))}
	for i, b := range o.blocks {
		copied.blocks[i] = slices.Clone(b)
	}
	return copied
}
