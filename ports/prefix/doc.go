// Package prefix confines an object store to the keys below a prefix, so that
// several databases, or the tenants of one, share a bucket or a folder and
// can't reach each other.
package prefix
