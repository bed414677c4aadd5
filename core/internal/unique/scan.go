package unique

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/smarterbase/smarterbase/core/internal/cas"
	"github.com/smarterbase/smarterbase/core/internal/fetch"
	"github.com/smarterbase/smarterbase/core/internal/layout"
	"github.com/smarterbase/smarterbase/ports"
)

// Repeated is a value that several documents have.
type Repeated struct {
	Definition
	Text json.RawMessage
	IDs  []string // sorted
}

// Missing is a value of a document without a claim that names the document.
type Missing struct {
	Definition
	Text json.RawMessage
	ID   string
}

// Unusable is a document that has values which can't be unique, or can't be
// read.
type Unusable struct {
	Definition // none where it can't be read
	ID         string
	Err        error
}

// Report is what a scan found.
type Report struct {
	Documents int // that were read
	Values    int // of theirs
	Claimed   int // claims that were added
	Repeated  []Repeated
	Missing   []Missing // and could not be, or were not to be added
	Unusable  []Unusable

	Claims, Dead, Pending int // of CountClaims
}

// Clean reports whether nothing speaks against a constraint. Documents that
// can't be read speak against none.
func (r *Report) Clean(name string) bool {
	return !slices.ContainsFunc(r.Repeated, func(x Repeated) bool { return x.Name == name }) &&
		!slices.ContainsFunc(r.Missing, func(x Missing) bool { return x.Name == name }) &&
		!slices.ContainsFunc(r.Unusable, func(x Unusable) bool { return x.Name == name })
}

// Scan reads all documents, and looks whether each of their values has its
// claim. With repair it adds those that are missing. Writers may go on; what
// they change meanwhile is not reported wrongly.
func (c *Checker) Scan(ctx context.Context, constraints []Constraint, repair bool) (*Report, error) {
	s := &scan{Checker: c, constraints: constraints, repair: repair, rivals: make(map[string]*rivals)}
	list := func(ctx context.Context) iter.Seq[fetch.Item] { return fetch.List(ctx, c.Registers, c.Folder) }
	for found := range fetch.Ordered(ctx, c.workers(), list, s.examine) {
		if found.err != nil {
			return nil, found.err
		}
		s.take(found)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &s.report, s.settle(ctx)
}

// scan is one pass over the documents.
type scan struct {
	*Checker
	constraints []Constraint
	repair      bool
	report      Report
	rivals      map[string]*rivals // by key of the claim
	order       []string           // of the keys
}

// rivals are documents that seem to have the same value.
type rivals struct {
	need Need
	ids  []string
}

// found is what was found about one document.
type found struct {
	id       string
	read     bool
	values   int
	claimed  int
	rivals   []rival
	missing  []Missing
	unusable []Unusable
	err      error // that ends the scan
}

type rival struct {
	need  Need
	other string
}

func (s *scan) take(f found) {
	r := &s.report
	if f.read {
		r.Documents++
	}
	r.Values, r.Claimed = r.Values+f.values, r.Claimed+f.claimed
	r.Missing, r.Unusable = append(r.Missing, f.missing...), append(r.Unusable, f.unusable...)
	for _, x := range f.rivals {
		both := s.rivals[x.need.Key]
		if both == nil {
			both = &rivals{need: x.need}
			s.rivals[x.need.Key] = both
			s.order = append(s.order, x.need.Key)
		}
		for _, id := range []string{f.id, x.other} {
			if !slices.Contains(both.ids, id) {
				both.ids = append(both.ids, id)
			}
		}
	}
}

// examine looks at one document. It runs on many goroutines.
func (s *scan) examine(ctx context.Context, item fetch.Item) (f found) {
	f.id = item.ID
	if item.Err != nil {
		f.tell(item.ID, item.Err, item.Listing)
		return f
	}
	o, err := s.readOwner(ctx, item.ID, "")
	if err == nil {
		err = o.corrupt
	}
	if err != nil {
		f.tell(item.ID, err, false)
		return f
	}
	f.read = o.members != nil
	for i := range s.constraints {
		d := s.constraints[i].Definition
		values, problem, err := s.valuesOf(d, o.members)
		if err != nil {
			f.err = err
			return f
		}
		if problem != nil {
			f.unusable = append(f.unusable, Unusable{d, item.ID, problem})
		}
		for _, v := range values {
			f.values++
			if f.err = s.check(ctx, Need{d, v}, item.ID, &f); f.err != nil {
				return f
			}
		}
	}
	return f
}

// tell notes a document that can't be read. One that vanished is none, and what
// may be readable in a moment ends the scan.
func (f *found) tell(id string, err error, listing bool) {
	switch {
	case !listing && (errors.Is(err, ports.ErrCorrupt) || isSyntax(err)):
		f.unusable = append(f.unusable, Unusable{ID: id, Err: err})
	default:
		f.err = err
	}
}

// isSyntax reports whether an error is that of a text, not of a store.
func isSyntax(err error) bool {
	var store *ports.Error
	return !errors.As(err, &store) && !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

// check looks whether a value of a document has its claim, and with repair
// makes it.
func (s *scan) check(ctx context.Context, need Need, id string, f *found) error {
	state, err := s.Resolver.Read(ctx, need.Key)
	for range freeRounds {
		if err != nil {
			return err
		}
		var cl claim
		if cl, err = parse(state); err != nil || cl.Document == id {
			return err
		}
		if !s.repair {
			return s.accuse(ctx, need, id, cl, f)
		}
		if state, err = s.free(ctx, need, Owner{id, Never}, nil); errors.Is(err, ErrStale) {
			return nil // the claim names it by now
		}
		var duplicate *Duplicate
		if errors.As(err, &duplicate) {
			f.rivals = append(f.rivals, rival{need, duplicate.Existing})
			return nil
		}
		if err != nil {
			return known(ctx, need.Key, err)
		}
		_, err = s.Registers.Replace(ctx, state, Body(need, id, Never, s.Registers.NextRevision(state)), nil)
		if err == nil {
			f.claimed++
			return nil
		}
		if !moved(err) {
			return known(ctx, need.Key, err)
		}
		state, err = s.Resolver.Read(ctx, need.Key)
	}
	return fmt.Errorf("%w: the claim changes faster than it can be judged: %s", ports.ErrBusy, need.Key)
}

// accuse notes a value whose claim names no document, or another one, unless
// the document has given the value up meanwhile.
func (s *scan) accuse(ctx context.Context, need Need, id string, cl claim, f *found) error {
	if cl.Document != "" {
		other, err := s.holds(ctx, need, cl.Document)
		if err != nil {
			return err
		}
		if other {
			f.rivals = append(f.rivals, rival{need, cl.Document})
			return nil
		}
	}
	still, err := s.holds(ctx, need, id)
	if err != nil || !still {
		return err
	}
	state, err := s.Resolver.Read(ctx, need.Key)
	if err != nil {
		return err
	}
	if now, err := parse(state); err != nil || now.Document == id {
		return err // given up and taken again
	}
	f.missing = append(f.missing, Missing{need.Definition, need.Text, id})
	return nil
}

// holds reports whether a document has the value now.
func (c *Checker) holds(ctx context.Context, need Need, id string) (bool, error) {
	o, err := c.readOwner(ctx, id, "")
	if err != nil {
		return false, err
	}
	return c.has(need.Definition, need.Key, o.members)
}

// settle looks at all rivals again, when nothing else is under way: those that
// have the value now are reported.
func (s *scan) settle(ctx context.Context) error {
	for _, key := range s.order {
		both := s.rivals[key]
		slices.Sort(both.ids)
		var have []string
		for _, id := range both.ids {
			has, err := s.holds(ctx, both.need, id)
			if err != nil {
				return err
			}
			if has {
				have = append(have, id)
			}
		}
		if len(have) > 1 {
			s.report.Repeated = append(s.report.Repeated, Repeated{both.need.Definition, both.need.Text, have})
			continue
		}
		for _, id := range have {
			f := found{id: id}
			if err := s.check(ctx, both.need, id, &f); err != nil {
				return err
			}
			s.report.Claimed += f.claimed
			s.report.Missing = append(s.report.Missing, f.missing...)
			if len(f.rivals) > 0 { // another one came at this very moment
				ids := []string{id, f.rivals[0].other}
				slices.Sort(ids)
				s.report.Repeated = append(s.report.Repeated, Repeated{both.need.Definition, both.need.Text, ids})
			}
		}
	}
	return nil
}

// claims lists the claims of a constraint, as they are now.
func (c *Checker) claims(ctx context.Context, name string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		options := ports.ListOptions{Prefix: layout.ClaimPrefix(c.Collection, name), KeysOnly: true}
		for info, err := range fetch.Objects(ctx, c.Registers, options) {
			if err != nil {
				yield("", err)
				return
			}
			collection, constraint, ok := layout.ParseClaimKey(info.Key)
			if ok && collection == c.Collection && constraint == name && !yield(info.Key, nil) {
				return
			}
		}
	}
}

// judged is a claim and what it means.
type judged struct {
	state   cas.State
	verdict Verdict
	done    bool
	err     error
}

// eachClaim reads and judges the claims of a constraint, and hands each to work.
func (c *Checker) eachClaim(ctx context.Context, d Definition, work func(ctx context.Context, j *judged)) iter.Seq[judged] {
	type input struct {
		key string
		err error
	}
	list := func(ctx context.Context) iter.Seq[input] {
		return func(yield func(input) bool) {
			for key, err := range c.claims(ctx, d.Name) {
				if !yield(input{key, err}) {
					return
				}
			}
		}
	}
	return fetch.Ordered(ctx, c.workers(), list, func(ctx context.Context, in input) (j judged) {
		if j.err = in.err; j.err != nil {
			return j
		}
		if j.state, j.err = c.Resolver.Read(ctx, in.key); j.err != nil {
			return j
		}
		if j.verdict, j.err = c.Judge(ctx, d, j.state); j.err == nil {
			work(ctx, &j)
		}
		return j
	})
}

// CountClaims judges all claims of the constraints, and counts them in r.
func (c *Checker) CountClaims(ctx context.Context, constraints []Constraint, r *Report) error {
	for i := range constraints {
		for j := range c.eachClaim(ctx, constraints[i].Definition, func(context.Context, *judged) {}) {
			if j.err != nil {
				return j.err
			}
			switch r.Claims++; j.verdict {
			case Dead, Free:
				r.Dead++
			case Pending:
				r.Pending++
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}
