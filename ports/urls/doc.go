// Package urls opens object stores and indexes by URL. Adapters register their
// scheme when they are imported, as drivers of database/sql do, so a program
// chooses its services by one import each and a setting:
//
//	import _ "github.com/smarterbase/smarterbase/adapters/memory"
//
//	store, err := urls.OpenStore(ctx, "mem://")
//
// Stores and indexes have separate registries: one scheme may name both.
//
// # Secrets
//
// URLs carry passwords. No error of this package holds one: it shows a URL
// through Redact, and of a URL that can't be parsed no more than its scheme.
//
// # For adapters
//
// Register in an init function, read parameters through Options so that a
// misspelt one is refused instead of ignored, and use Redact in messages.
package urls
