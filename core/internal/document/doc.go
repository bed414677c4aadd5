// Package document reads and writes the stored form of a document: one JSON
// object whose first members are reserved for the system, followed by the
// user's own members exactly as they were given.
//
//	{"_rev":"0f3k8q1vd2m7x","_v":2, …}            a document
//	{"_rev":"0f3k8q1vd2m7x","_deleted":true}       a tombstone, reads as absent
package document
