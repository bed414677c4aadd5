package ports

import "context"

// Index keeps ordered sets of byte strings in named spaces. It is a cache of
// what the object store says: it may lose everything at any time, but it MUST
// NOT lose something and go on as if it had not. That is what regimes are for.
//
// A space belongs to one collection; a set belongs to one index of it. Each
// space has an epoch, set by Install. Every other call names the Regime that
// the caller believes in, and [IX-REG-1] MUST answer ErrStale, having changed nothing,
// if the epoch of the space is not Regime.Epoch or the identity of the index is not
// Regime.Identity. The check and the work MUST be one atomic step. An index that
// finds, in a call that answers ErrStale, that a space lost something MAY take
// the epoch of that space away, so that all others see it as well. An index of
// several memories, such as a cluster, MAY judge a space by the memory that
// serves it; its identity then names them all.
//
// [IX-ATM-1] Begin, End and Query each MUST be atomic: no other call ever sees
// a part of one. [IX-ACK-1] After a call returned, every later call of any
// client on the same identity MUST see its effect. [IX-REG-2] Entries that an
// acknowledged Begin added, and nobody removed, MUST be there as long as
// epoch and identity are the same.
//
// Members are at most 4,096 bytes and may hold any byte; [IX-KEY-1] spaces and
// sets are any non-empty valid UTF-8 of at most 1,024 bytes, and different names MUST
// never share entries. An empty member, set or space, or one that is too long,
// MUST be refused with ErrInvalidKey, and then nothing of the call takes effect.
//
// [IX-CTX-1] A call whose context is done before it starts MUST change nothing
// and answer an error matching ctx.Err(). [IX-CLS-1] Where the adapter is an
// io.Closer, every call after Close MUST answer ErrClosed and a second Close
// nil. [IX-RAC-1] All methods MUST be safe for concurrent use.
// ErrUnknown from Begin or End means that it may or may not have taken effect,
// as a whole.
type Index interface {
	// Identity names the memory behind this index. [IX-IDN-1] It MUST change
	// whenever acknowledged entries may have been lost (restart without them,
	// failover, crash), unless the epochs are lost with them (a flush), and MUST
	// stay equal otherwise, also across a clean Close and reopen of an index
	// that keeps its entries. It is never empty.
	Identity(ctx context.Context) (string, error)

	// Install sets the epoch of a space; entries are kept. [IX-INS-1] It MUST
	// answer ErrStale, having changed nothing, if regime.Identity is not the
	// current identity. [IX-INS-2] After it, calls with another epoch MUST
	// answer ErrStale, calls with this regime work. An empty epoch is refused
	// with ErrInvalidKey.
	Install(ctx context.Context, space string, regime Regime) error

	// Begin adds entries, all or none, and counts one more Begin on the space.
	// [IX-BEG-1] Adding an entry that is there MUST be no error and no second
	// copy. An empty list counts, too.
	Begin(ctx context.Context, space string, regime Regime, entries []Entry) error

	// End removes entries, all or none. [IX-END-1] It MUST remove exactly these
	// and no other; removing what is not there is no error. It does not change
	// the count of Begins.
	End(ctx context.Context, space string, regime Regime, entries []Entry) error

	// Query reads one range of one set. [IX-QRY-1] It MUST return the members
	// with From <= member < To in ascending byte order, each once, at most
	// Limit of them with More set if there are others; [IX-QRY-2] Begins MUST
	// be the number of Begins on the space, read in the same atomic step: two
	// equal counts under one regime mean that no entry was added in between.
	// A set that was never written is empty.
	Query(ctx context.Context, space string, regime Regime, r EntryRange) (EntryPage, error)

	// Count returns how many members a Query of the range without limit would
	// return. [IX-CNT-1] It MUST be exact.
	Count(ctx context.Context, space string, regime Regime, r EntryRange) (int64, error)

	// Drop forgets a set of a space with all its entries, or, with an empty set,
	// the whole space with its epoch and its count. [IX-DRP-1] It MUST touch
	// nothing else; dropping what is not there is no error. It names no regime:
	// the caller has made sure that nobody uses it.
	Drop(ctx context.Context, space, set string) error
}

// Regime is what a caller believes about an index: see Index.
type Regime struct {
	Epoch    string
	Identity string
}
