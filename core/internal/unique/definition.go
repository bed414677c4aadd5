package unique

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/layout"
)

// Limits of constraints and documents.
const (
	MaxFields = 8   // of one constraint
	MaxClaims = 100 // of one document, over all constraints
)

// Field is one component of the values of a constraint.
type Field struct {
	Path      string `json:"path"`                // member names joined by dots
	Normalize string `json:"normalize,omitempty"` // name of a normaliser of strings
}

// Definition says which values of a document nobody else may have. It is data,
// so that every writer can honour it; only a Normalizer that is not built in
// must be known to the program.
type Definition struct {
	Name     string  `json:"name"`
	Fields   []Field `json:"fields"`
	Optional bool    `json:"optional,omitempty"` // what is missing, null or empty counts as no value
}

// The states of a constraint. Writers honour it in both.
const (
	StateBuilding = "building" // documents that were there before may not have claims yet
	StateReady    = "ready"
)

// Constraint is a definition as the manifest lists it.
type Constraint struct {
	Definition
	State string `json:"state"`
	Build string `json:"build,omitempty"` // names the build that is due
}

// Same reports whether two definitions mean the same values.
func (d Definition) Same(other Definition) bool {
	return d.Optional == other.Optional && slices.Equal(d.Fields, other.Fields)
}

// DefaultName is the name of a constraint whose user gives it none.
func (d Definition) DefaultName() string {
	parts := make([]string, len(d.Fields))
	for i, field := range d.Fields {
		if parts[i] = field.Path; field.Normalize != "" {
			parts[i] += "." + field.Normalize
		}
	}
	return strings.Join(parts, "_")
}

// Paths are the fields, for people.
func (d Definition) Paths() []string {
	paths := make([]string, len(d.Fields))
	for i, field := range d.Fields {
		paths[i] = field.Path
	}
	return paths
}

// String is for messages: "email", or "tenant, slug".
func (d Definition) String() string {
	quoted := make([]string, len(d.Fields))
	for i, field := range d.Fields {
		text, _ := json.Marshal(field.Path) // a string can't fail
		quoted[i] = string(text)
	}
	return strings.Join(quoted, ", ")
}

// Check refuses what can't be a constraint of the collection.
func (d Definition) Check(collection string) error {
	switch problem := layout.CheckConstraint(collection, d.Name); {
	case len(d.Fields) == 0:
		return fmt.Errorf("a unique constraint needs a field")
	case len(d.Fields) > MaxFields:
		return fmt.Errorf("the unique constraint %q has %d fields, more than %d", d.Name, len(d.Fields), MaxFields)
	case problem != "":
		return fmt.Errorf("the unique constraint %q: %s", d.Name, problem)
	}
	for i, field := range d.Fields {
		if slices.ContainsFunc(d.Fields[:i], func(before Field) bool { return before.Path == field.Path }) {
			return fmt.Errorf("the unique constraint %q has the field %q twice", d.Name, field.Path)
		}
	}
	return nil
}
