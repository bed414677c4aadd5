package simple

import "github.com/smarterbase/smarterbase/core"

// Predicate is core.Predicate, a condition on one field of a document.
type Predicate = core.Predicate

// Eq is core.Eq: the field equals the value.
func Eq(field string, value any) Predicate { return core.Eq(field, value) }

// Lt is core.Lt: the field is less than the value.
func Lt(field string, value any) Predicate { return core.Lt(field, value) }

// Lte is core.Lte: the field is less than or equal to the value.
func Lte(field string, value any) Predicate { return core.Lte(field, value) }

// Gt is core.Gt: the field is greater than the value.
func Gt(field string, value any) Predicate { return core.Gt(field, value) }

// Gte is core.Gte: the field is greater than or equal to the value.
func Gte(field string, value any) Predicate { return core.Gte(field, value) }

// In is core.In: the field equals one of the values.
func In[V any](field string, values ...V) Predicate { return core.In(field, values...) }

// Prefix is core.Prefix: the field is a string that begins with the prefix.
func Prefix(field, prefix string) Predicate { return core.Prefix(field, prefix) }
