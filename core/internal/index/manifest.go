package index

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/smarterbase/smarterbase/core/internal/document"
	"github.com/smarterbase/smarterbase/core/internal/revision"
	"github.com/smarterbase/smarterbase/core/internal/unique"
	"github.com/smarterbase/smarterbase/ports"
)

// Field is one component of an index.
type Field struct {
	Path       string `json:"path"`           // member names joined by dots
	Descending bool   `json:"desc,omitempty"` // greatest first
	Time       bool   `json:"time,omitempty"` // ordered as RFC 3339 times
}

// Definition says which entries a document has in an index. It is data, so
// that every writer can maintain every index; only an Extract function must
// be known to the program.
type Definition struct {
	Name     string  `json:"name"`
	Fields   []Field `json:"fields,omitempty"`
	Extract  string  `json:"extract,omitempty"`  // name of a registered function
	Optional bool    `json:"optional,omitempty"` // no entry where the first field is missing or null
}

// Set names the definition by its content: two definitions with the same
// entries share them, a changed one is another set.
func (d Definition) Set() string {
	d.Name = ""
	text, _ := json.Marshal(d) // strings and booleans can't fail
	sum := sha256.Sum256(text)
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:10]))
}

// The states of an index, and of all indexes of a collection.
const (
	StateBuilding = "building"
	StateReady    = "ready"
	StateOff      = "off"
)

// Index is a definition as the manifest lists it.
type Index struct {
	Definition
	State string `json:"state"`           // building or ready
	Build string `json:"build,omitempty"` // names the build that is due

	// Unreadable lists documents that could not be read when the index was
	// built. They are candidates of every query, so that none is passed over
	// in silence.
	Unreadable []string `json:"unreadable,omitempty"`
}

// Manifest is the truth about the indexes of a collection.
type Manifest struct {
	Format   int     `json:"format"`
	Epoch    string  `json:"epoch"`
	Identity string  `json:"identity"`
	Off      bool    `json:"off,omitempty"` // writers go on without the index
	Indexes  []Index `json:"indexes"`

	// Place is a random name that is part of those of the spaces, so that
	// databases on one index never meet, unless one is a copy of the other. It
	// is set when the manifest is made, and never changed.
	Place string `json:"place,omitempty"`

	// Partitions is into how many parts the space is divided by document id; 0
	// is 1. It is set when the manifest is made, and never changed.
	Partitions int `json:"partitions,omitempty"`

	// References say which documents of other collections hold ids of this one,
	// so that every writer that deletes here honours them. Requires says which
	// ids the documents of this collection may only hold if they are there.
	References []Reference   `json:"references,omitempty"`
	Requires   []Requirement `json:"requires,omitempty"`

	// Unique says which values no two documents may have.
	Unique []unique.Constraint `json:"unique,omitempty"`
}

// The formats of manifests. A program refuses newer ones, which may have rules
// that it does not know.
const (
	plainFormat       = 1
	partitionedFormat = 2 // its entries are not in the space itself
	ruledFormat       = 3 // there are rules for the documents that writers must honour
	format            = ruledFormat
)

// State sums up the manifest for people.
func (m *Manifest) State() string {
	switch {
	case m.Off:
		return StateOff
	case slices.ContainsFunc(m.Indexes, func(x Index) bool { return x.State != StateReady }):
		return StateBuilding
	default:
		return StateReady
	}
}

// find returns the index with the same content.
func (m *Manifest) find(set string) (*Index, bool) {
	if m != nil {
		for i := range m.Indexes {
			if m.Indexes[i].Set() == set {
				return &m.Indexes[i], true
			}
		}
	}
	return nil, false
}

// rebuild marks every index as to be built anew under a new regime.
func (m *Manifest) rebuild(epoch, identity string) {
	m.Epoch, m.Identity, m.Off = epoch, identity, false
	for i := range m.Indexes {
		m.Indexes[i].State, m.Indexes[i].Build, m.Indexes[i].Unreadable = StateBuilding, epoch, nil
	}
}

func (m *Manifest) clone() *Manifest {
	if m == nil {
		return &Manifest{}
	}
	copied := *m
	copied.Indexes = slices.Clone(m.Indexes)
	copied.References, copied.Requires = slices.Clone(m.References), slices.Clone(m.Requires)
	copied.Unique = slices.Clone(m.Unique)
	return &copied
}

func encodeManifest(m *Manifest, rev revision.Revision) ([]byte, error) {
	m.Format = plainFormat
	if m.Partitions > 1 {
		m.Format = partitionedFormat
	}
	if !m.rules().None() || len(m.Unique) > 0 {
		m.Format = ruledFormat
	}
	members, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode index manifest: %w", err)
	}
	return document.Compose(rev, 0, members), nil
}

func decodeManifest(body []byte) (*Manifest, error) {
	m := new(Manifest)
	d, err := document.Parse(slices.Clone(body), true)
	if err == nil {
		err = json.Unmarshal(d.Members, m)
	}
	if err != nil {
		return nil, fmt.Errorf("decode index manifest: %w: %w", ports.ErrCorrupt, err)
	}
	if m.Partitions < 0 || m.Partitions > MaxPartitions {
		return nil, fmt.Errorf("decode index manifest: %w: it has %d partitions", ports.ErrCorrupt, m.Partitions)
	}
	if m.Format > format {
		return nil, fmt.Errorf("decode index manifest: %w: its format %d is newer than this program", ports.ErrUnsupported, m.Format)
	}
	return m, nil
}
