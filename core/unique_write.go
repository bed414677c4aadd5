package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/smarterbase/smarterbase/core/internal/index"
	"github.com/smarterbase/smarterbase/core/internal/unique"
)

// UniqueError is the cause of an ErrConstraint: another document has a value
// that must be unique.
type UniqueError struct {
	Collection string
	Constraint string          // its name
	Fields     []string        // the members, or paths, that it is about
	Value      json.RawMessage // as normalised; of several fields an array
	Existing   string          // id of the document that has it
}

// Error names the field and the document.
func (e *UniqueError) Error() string {
	fields, _ := json.Marshal(e.Fields) // strings can't fail
	return fmt.Sprintf("the value %s of the unique %s is taken by document %q", short(e.Value), fields[1:len(fields)-1], e.Existing)
}

// short is a value for messages.
func short(value json.RawMessage) string {
	const most = 200
	if len(value) > most {
		return fmt.Sprintf("%s… (%d bytes)", value[:most], len(value))
	}
	return string(value)
}

// Is makes the error match ErrConstraint.
func (e *UniqueError) Is(target error) bool { return target == ErrConstraint }

// claim claims the values that next adds to a document, before it is written on
// top of exactly base. After an error the write must not follow.
func (d *documents) claim(ctx context.Context, ticket *index.Ticket, base, next *current) error {
	constraints := ticket.Unique()
	if len(constraints) == 0 {
		return nil
	}
	needs, err := d.holder.Unique.Needs(constraints, base.members, next.members)
	if err != nil || len(needs) == 0 {
		return err
	}
	me := unique.Owner{ID: base.id, Base: unique.BaseOf(base.state)}
	err = d.uniqueError(d.holder.Unique.Claim(ctx, needs, me))
	if !errors.Is(err, ErrConstraint) {
		return err
	}
	// A refusal must be one of what the document is now: on another state the
	// change might be another one, and allowed.
	now, readErr := d.db.registers.Read(ctx, base.state.Key)
	if readErr == nil && unique.BaseOf(now) != me.Base {
		return unique.ErrStale
	}
	return err
}

// uniqueError makes the error of a claim one for users.
func (d *documents) uniqueError(err error) error {
	var taken *unique.Duplicate
	if !errors.As(err, &taken) {
		return err
	}
	return &UniqueError{
		Collection: d.name, Constraint: taken.Name, Fields: taken.Paths(),
		Value: taken.Text, Existing: taken.Existing,
	}
}
