package core

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/core/internal/tuple"
)

// A Predicate is a condition on one field of a document. A field is a member
// name, a dotted path into nested objects, or "name()" for an index function.
//
// Values are compared as JSON values: null < false < true < numbers <
// strings; numbers exactly, whatever their size; strings by their bytes; fields of
// type time.Time, and values of it, by the moment that they name. A member
// that is missing counts as null. The comparisons <, <=, >, >= hold only between values of the same type.
// Where a field holds an array, a condition holds if it holds for some element;
// several comparisons on one field must hold for the same element.
type Predicate struct {
	op     operator
	field  string
	values []any
}

type operator uint8

const (
	opEq operator = iota
	opLt
	opLte
	opGt
	opGte
	opIn
	opPrefix
)

var operatorText = [...]string{"=", "<", "<=", ">", ">=", "in", "prefix"}

// Eq holds where the field equals the value.
func Eq(field string, value any) Predicate { return Predicate{opEq, field, []any{value}} }

// Lt holds where the field is less than the value.
func Lt(field string, value any) Predicate { return Predicate{opLt, field, []any{value}} }

// Lte holds where the field is less than or equal to the value.
func Lte(field string, value any) Predicate { return Predicate{opLte, field, []any{value}} }

// Gt holds where the field is greater than the value.
func Gt(field string, value any) Predicate { return Predicate{opGt, field, []any{value}} }

// Gte holds where the field is greater than or equal to the value.
func Gte(field string, value any) Predicate { return Predicate{opGte, field, []any{value}} }

// In holds where the field equals one of the values; of none, nowhere.
func In[V any](field string, values ...V) Predicate {
	p := Predicate{op: opIn, field: field, values: make([]any, len(values))}
	for i, value := range values {
		p.values[i] = value
	}
	return p
}

// Prefix holds where the field is a string that begins with the prefix.
func Prefix(field, prefix string) Predicate { return Predicate{opPrefix, field, []any{prefix}} }

// String is for messages: `age >= 21`.
func (p Predicate) String() string {
	texts := make([]string, len(p.values))
	for i, value := range p.values {
		text, err := json.Marshal(value)
		if err != nil {
			text = []byte(fmt.Sprint(value))
		}
		texts[i] = string(text)
	}
	if p.op == opIn {
		return fmt.Sprintf("%s in (%s)", p.field, strings.Join(texts, ", "))
	}
	return fmt.Sprintf("%s %s %s", p.field, operatorText[p.op], strings.Join(texts, ", "))
}

// isRange reports whether the predicate compares by order.
func (p Predicate) isRange() bool { return p.op != opEq && p.op != opIn }

// constants are the JSON texts of the values; timed says that one of them is
// a time.
func (p Predicate) constants() (texts [][]byte, timed bool, err error) {
	for _, value := range p.values {
		switch moment := value.(type) {
		case time.Time:
			timed = true
		case *time.Time:
			timed = moment != nil
		}
		text, err := json.Marshal(value)
		if err != nil {
			return nil, false, fmt.Errorf("the value for %q can't be compared with: %w", p.field, err)
		}
		if text[0] == '[' || text[0] == '{' {
			return nil, false, fmt.Errorf("the value for %q can't be compared with: want null, a boolean, number, string or time, not %T", p.field, value)
		}
		texts = append(texts, text)
	}
	return texts, timed, nil
}

// test compares one encoded value with the predicate's encoded constants.
func (p Predicate) test(value []byte, constants [][]byte) bool {
	for _, constant := range constants {
		if p.holds(value, constant) {
			return true
		}
	}
	return false
}

func (p Predicate) holds(value, constant []byte) bool {
	switch p.op {
	case opEq, opIn:
		return string(value) == string(constant)
	case opPrefix:
		return strings.HasPrefix(string(value), string(tuple.PrefixOf(constant)))
	}
	if !tuple.AreComparable(value, constant) {
		return false
	}
	switch order := strings.Compare(string(value), string(constant)); p.op {
	case opLt:
		return order < 0
	case opLte:
		return order <= 0
	case opGt:
		return order > 0
	default:
		return order >= 0
	}
}
