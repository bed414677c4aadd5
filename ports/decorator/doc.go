// Package decorator helps those who write decorators of object stores, such as
// prefixes, encryption and fault injection.
//
// A decorator must offer an optional interface of package ports exactly if the
// store behind it does. Go can't add methods to a value, so every combination
// is a type of its own; they are listed here, once, for all decorators.
package decorator
