package core

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/core/internal/tasks"
	"github.com/smarterbase/smarterbase/ports"
)

// ReferenceInfo is one reference as the database has it, whoever declared it.
type ReferenceInfo struct {
	Collection string // of the documents that refer
	Field      string // the member that does
	Parent     string // the collection that they refer to
	OnDelete   OnDelete
	MustExist  bool
}

// String is `orders.user_id → users (cascade)`.
func (r ReferenceInfo) String() string {
	return fmt.Sprintf("%s.%s → %s (%s)", r.Collection, r.Field, r.Parent, r.policy())
}

func (r ReferenceInfo) policy() string {
	if r.MustExist {
		return string(r.OnDelete) + ", must_exist"
	}
	return string(r.OnDelete)
}

// ReferenceTree is all references of a database, in the order of the
// collections that they point to.
type ReferenceTree []ReferenceInfo

// References reads what refers to what: one listing, and one request for each
// collection with an index, a constraint or a reference.
func (db *DB) References(ctx context.Context) (ReferenceTree, error) {
	if err := db.checkOpen("list references", "", ""); err != nil {
		return nil, err
	}
	var parents []string
	for info, err := range db.store.List(ctx, ports.ListOptions{Prefix: layout.ManifestPrefix}) {
		if err != nil {
			return nil, readFail("list references", "", "", err)
		}
		if parent, ok := layout.ManifestCollection(info.Key); ok {
			parents = append(parents, parent)
		}
	}
	found, errs := make([]index.Rules, len(parents)), make([]error, len(parents))
	tasks.Parallel(db.options.Concurrency, len(parents), func(i int) {
		found[i], errs[i] = db.documents(parents[i]).holder.FreshRules(ctx)
	})
	var tree ReferenceTree
	for i, parent := range parents {
		if errs[i] != nil {
			return nil, readFail("list references", parent, "", errs[i])
		}
		for _, r := range found[i].References {
			tree = append(tree, infoOf(parent, r))
		}
	}
	return tree, nil
}

func infoOf(parent string, r index.Reference) ReferenceInfo {
	return ReferenceInfo{Collection: r.Collection, Field: r.Field, Parent: parent, OnDelete: OnDelete(r.OnDelete), MustExist: r.MustExist}
}

// String draws the references as trees, with what is referred to at the top.
func (t ReferenceTree) String() string {
	var b strings.Builder
	drawn := make(map[string]bool)
	for _, r := range t { // first those that refer to nothing themselves
		refers := slices.ContainsFunc(t, func(o ReferenceInfo) bool { return o.Collection == r.Parent && o.Parent != r.Parent })
		if !refers && !drawn[r.Parent] {
			t.draw(&b, r.Parent, drawn)
		}
	}
	for _, r := range t { // then those that only a circle leads to
		if !drawn[r.Parent] {
			t.draw(&b, r.Parent, drawn)
		}
	}
	return b.String()
}

func (t ReferenceTree) draw(b *strings.Builder, root string, drawn map[string]bool) {
	b.WriteString(root + "\n")
	var below func(collection, indent string, path []string)
	below = func(collection, indent string, path []string) {
		drawn[collection] = true
		var own []ReferenceInfo
		for _, r := range t {
			if r.Parent == collection {
				own = append(own, r)
			}
		}
		for i, r := range own {
			branch, deeper := branchOf(i == len(own)-1)
			fmt.Fprintf(b, "%s%s%s.%s (%s)\n", indent, branch, r.Collection, r.Field, r.policy())
			if !slices.Contains(path, r.Collection) {
				below(r.Collection, indent+deeper, append(path[:len(path):len(path)], r.Collection))
			}
		}
	}
	below(root, "", []string{root})
}

// branchOf is what stands before a line of a tree, and before those below it.
func branchOf(last bool) (branch, deeper string) {
	if last {
		return "└── ", "    "
	}
	return "├── ", "│   "
}
