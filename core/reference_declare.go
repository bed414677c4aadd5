package core

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/index"
)

func (d ReferenceDefinition) declare(to *declaration) error {
	to.references = append(to.references, d)
	return d.problem
}

// completeReferences checks all references together, and adds the indexes that
// they need.
func (d *declaration) completeReferences() error {
	if err := checkReferences(d.references, d.shape); err != nil {
		return err
	}
	d.indexes = append(d.indexes[:len(d.indexes):len(d.indexes)], indexesFor(d.references, d.indexes)...)
	return nil
}

// checkReferences refuses references that contradict each other.
func checkReferences(references []ReferenceDefinition, s *shape) error {
	parents := make(map[string]string)
	for _, d := range references {
		if err := d.check(s); err != nil {
			return err
		}
		if other, twice := parents[d.reference.Field]; twice {
			return fmt.Errorf("the field %q has two references, to %q and to %q", d.reference.Field, other, d.parent)
		}
		parents[d.reference.Field] = d.parent
	}
	return nil
}

// declareReferences writes references into the manifests of the collections
// that they point to.
func (d *documents) declareReferences(ctx context.Context, references []ReferenceDefinition) error {
	for _, declared := range references {
		want := declared.reference
		want.Collection = d.name
		parent := d.db.documents(declared.parent)
		if want.OnDelete == string(Cascade) && parent != d {
			if err := d.checkCycle(ctx, parent.name); err != nil {
				return err
			}
		}
		// First the reference, which may contradict another one: what is refused
		// must leave nothing.
		added, err := parent.amended(ctx, addReference(parent.name, want))
		if err == nil && added && want.OnDelete == string(Cascade) && parent != d {
			err = d.checkCycleAgain(ctx, parent, want)
		}
		required := false
		if err == nil && want.MustExist {
			required, err = d.amended(ctx, require(index.Requirement{Field: want.Field, Collection: parent.name}))
		}
		if err != nil {
			return err
		}
		if added || required {
			d.honoured.Store(int64(d.db.options.Clock.Elapsed() + parent.holder.Lease + parent.holder.LateWait))
		}
	}
	return nil
}

// amended changes the rules of the collection, and reports whether it did.
func (d *documents) amended(ctx context.Context, edit func(m *index.Manifest) (bool, error)) (changed bool, err error) {
	err = d.holder.Amend(ctx, func(m *index.Manifest) (bool, error) {
		now, err := edit(m)
		changed = changed || now // an attempt of unknown outcome counts, too
		return now, err
	})
	return changed, err
}

// checkCycleAgain is checkCycle after the reference was added: two programs may
// have added the halves of a circle at once. The reference is taken back then.
func (d *documents) checkCycleAgain(ctx context.Context, parent *documents, added index.Reference) error {
	err := d.checkCycle(ctx, parent.name)
	if !kindIs(err, ErrInvalid) {
		return err
	}
	return errors.Join(err, parent.holder.Amend(ctx, func(m *index.Manifest) (bool, error) {
		before := len(m.References)
		m.References = slices.DeleteFunc(m.References, func(r index.Reference) bool { return r == added })
		return len(m.References) < before, nil
	}))
}

// waitHonoured waits until no write can take effect any more that was begun in
// ignorance of a reference that was declared here.
func (d *documents) waitHonoured(ctx context.Context) error {
	clock := d.db.options.Clock
	left := time.Duration(d.honoured.Load()) - clock.Elapsed()
	if left <= 0 {
		return nil
	}
	return clock.Sleep(ctx, left)
}

func require(want index.Requirement) func(m *index.Manifest) (bool, error) {
	return func(m *index.Manifest) (bool, error) {
		if slices.Contains(m.Requires, want) {
			return false, nil
		}
		m.Requires = append(m.Requires, want)
		return true, nil
	}
}

func addReference(parent string, want index.Reference) func(m *index.Manifest) (bool, error) {
	return func(m *index.Manifest) (bool, error) {
		for _, known := range m.References {
			switch {
			case known == want:
				return false, nil
			case known.Collection == want.Collection && known.Field == want.Field:
				return false, invalid("declare reference", want.Collection, "", "the database has it as %s, and this program as %s; see DB.DropReference", infoOf(parent, known), infoOf(parent, want))
			}
		}
		m.References = append(m.References, want)
		return true, nil
	}
}

// checkCycle refuses a reference to parent by which deletes would come back to
// where they began: users → orders → users.
func (d *documents) checkCycle(ctx context.Context, parent string) error {
	seen := make(map[string]bool)
	var visit func(collection string, path []string) error
	visit = func(collection string, path []string) error {
		path = append(path[:len(path):len(path)], collection)
		if collection == parent {
			return invalid("declare reference", d.name, "", "deletes would go round in a circle: %s", strings.Join(path, " → "))
		}
		if seen[collection] {
			return nil
		}
		seen[collection] = true
		rules, err := d.db.documents(collection).holder.FreshRules(ctx)
		if err != nil {
			return err
		}
		for _, r := range rules.References {
			if r.OnDelete == string(Cascade) && r.Collection != collection {
				if err := visit(r.Collection, path); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return visit(d.name, []string{parent})
}

// DropReference takes back the declaration that a field of a collection's
// documents refers to a collection: for one that no program declares any more,
// and before one is declared that differs. Programs that had begun to write may
// honour it for ten more seconds, on stores without a network for one. It is no error
// if there is none. The index on the field stays.
func (db *DB) DropReference(ctx context.Context, collection, field, parent string) error {
	if err := db.checkOpen("drop reference", collection, ""); err != nil {
		return err
	}
	dropRequirement := func(m *index.Manifest) (bool, error) {
		before := len(m.Requires)
		m.Requires = slices.DeleteFunc(m.Requires, func(r index.Requirement) bool {
			return r.Field == field && r.Collection == parent
		})
		return len(m.Requires) < before, nil
	}
	dropReference := func(m *index.Manifest) (bool, error) {
		before := len(m.References)
		m.References = slices.DeleteFunc(m.References, func(r index.Reference) bool {
			return r.Field == field && r.Collection == collection
		})
		return len(m.References) < before, nil
	}
	err := db.documents(parent).holder.Amend(ctx, dropReference)
	if err == nil {
		err = db.documents(collection).holder.Amend(ctx, dropRequirement)
	}
	return readFail("drop reference", collection, "", err)
}
