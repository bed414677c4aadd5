package bolt

import (
	"bytes"
	"slices"
	"sort"

	"go.etcd.io/bbolt"
)

// defaultPending is Options.Pending where it is 0.
const defaultPending = 16_384

// pending is changes that are acknowledged and not in the file yet. That is no
// risk: after a crash the file is not trusted anyway.
type pending struct {
	sets  map[string]*changes // by the name of the bucket
	count int
}

func newPending() *pending { return &pending{sets: make(map[string]*changes)} }

// of returns the changes of a set, or nil; p may be nil.
func (p *pending) of(bucket string) *changes {
	if p == nil {
		return nil
	}
	return p.sets[bucket]
}

// put records that a member is in a set, or is not. The member is copied.
func (p *pending) put(bucket string, member []byte, added bool) {
	set := p.sets[bucket]
	if set == nil {
		set = &changes{}
		p.sets[bucket] = set
	}
	if set.put(member, added) {
		p.count++
	}
}

// write puts everything into the file.
func (p *pending) write(tx *bbolt.Tx) error {
	for name, set := range p.sets {
		if err := set.write(tx, []byte(name)); err != nil {
			return err
		}
	}
	return nil
}

// write makes a bucket only for an entry that is added.
func (c *changes) write(tx *bbolt.Tx, name []byte) (err error) {
	bucket := tx.Bucket(name)
	for at := c.seek(nil); at.valid() && err == nil; at.next() {
		change := at.change()
		if bucket == nil && change.added {
			if bucket, err = tx.CreateBucket(name); err != nil {
				return err
			}
		}
		switch {
		case change.added:
			err = bucket.Put(change.member, nil)
		case bucket != nil:
			err = bucket.Delete(change.member)
		}
	}
	return err
}

// maxBlock keeps the memory that one insertion moves to a few kilobytes.
const maxBlock = 128

// changes is the last change of each member of one set, in the order of the
// members: a list of sorted blocks of at most maxBlock, none of them empty.
type changes struct{ blocks [][]change }

type change struct {
	member []byte
	added  bool // or else removed
}

// find returns where a member is, or else where it belongs.
func (c *changes) find(member []byte) (block, at int, found bool) {
	block = sort.Search(len(c.blocks), func(i int) bool { return bytes.Compare(c.blocks[i][0].member, member) > 0 })
	if block = max(0, block-1); block < len(c.blocks) {
		at, found = slices.BinarySearchFunc(c.blocks[block], member, func(x change, m []byte) int { return bytes.Compare(x.member, m) })
	}
	return block, at, found
}

// put reports whether the member is a new one.
func (c *changes) put(member []byte, added bool) bool {
	block, at, found := c.find(member)
	if found {
		c.blocks[block][at].added = added
		return false
	}
	if len(c.blocks) == 0 {
		c.blocks = [][]change{nil}
	}
	grown := slices.Insert(c.blocks[block], at, change{bytes.Clone(member), added})
	c.blocks[block] = grown
	if len(grown) > maxBlock {
		half := len(grown) / 2
		c.blocks[block] = grown[:half:half]
		c.blocks = slices.Insert(c.blocks, block+1, slices.Clone(grown[half:]))
	}
	return true
}

func (c *changes) len() int {
	count := 0
	for _, block := range c.blocks {
		count += len(block)
	}
	return count
}

// position walks changes. It is not valid once they change.
type position struct {
	blocks [][]change
	at     int
}

// seek returns the first member that is not less than from; c may be nil.
func (c *changes) seek(from []byte) position {
	if c == nil {
		return position{}
	}
	block, at, _ := c.find(from)
	p := position{c.blocks[min(block, len(c.blocks)):], at}
	p.settle()
	return p
}

func (p *position) valid() bool    { return len(p.blocks) > 0 }
func (p *position) change() change { return p.blocks[0][p.at] }

func (p *position) next() {
	p.at++
	p.settle()
}

// settle goes on to the next block at the end of one.
func (p *position) settle() {
	if len(p.blocks) > 0 && p.at >= len(p.blocks[0]) {
		p.blocks, p.at = p.blocks[1:], 0
	}
}
