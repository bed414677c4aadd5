package unique

import "fmt"

// Need is a value that a write adds to a document, and the constraint that asks
// for it.
type Need struct {
	Definition
	Value
}

// Needs lists the values in next that base lacks; both are a user's members, nil
// for no document. base must be what is stored, not what a migration makes of
// it. The errors match ErrUnusable, which names the field, or ErrNoNormalizer.
func (c *Checker) Needs(constraints []Constraint, base, next []byte) ([]Need, error) {
	if len(constraints) == 0 || next == nil {
		return nil, nil
	}
	var needs []Need
	total := 0
	for i := range constraints {
		d := constraints[i].Definition
		after, problem, err := c.valuesOf(d, next)
		if err == nil {
			err = problem
		}
		if err != nil {
			return nil, err
		}
		if total += len(after); total > MaxClaims {
			return nil, fmt.Errorf("%w: with %s there are more than %d of them", ErrUnusable, d, MaxClaims)
		}
		before, _, err := c.valuesOf(d, base)
		if err != nil {
			return nil, err
		}
		for _, v := range after {
			if !contains(before, v.Key) {
				needs = append(needs, Need{d, v})
			}
		}
	}
	return needs, nil
}

func contains(values []Value, key string) bool {
	for i := range values {
		if values[i].Key == key {
			return true
		}
	}
	return false
}
