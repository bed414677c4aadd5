// Package tuple encodes JSON values so that the order of the bytes is the
// order of the values: null < false < true < numbers < strings < arrays <
// objects. Numbers are compared exactly, whatever their size and spelling;
// strings by their UTF-8 bytes. Arrays are all equal, and so are objects.
//
// The technique (type byte, escaped NUL, terminator, complement for
// descending) is that of the FoundationDB tuple layer; numbers are decimal
// here, since a JSON number is.
package tuple
