// Package server runs the adapters for servers against real ones: the
// conformance kit, races with exact totals, networks that fail, and an index
// that loses its memory. Module services starts the servers; a test that can't
// have its server is skipped and listed at the end of "make test", or fails
// where SB_REQUIRE_SERVICES asks for it.
package server
