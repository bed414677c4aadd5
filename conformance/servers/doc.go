// Package servers runs the adapters for servers against real ones: the
// conformance kit, races with exact totals and networks that fail. Module
// services starts the servers; a test that can't have its server is skipped and
// listed at the end of "make test", or fails where SB_REQUIRE_SERVICES asks for
// it.
package servers
