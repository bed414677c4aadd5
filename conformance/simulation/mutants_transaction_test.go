package simulation_test

const (
	resolverFile  = "core/internal/txn/resolver.go"
	attemptFile   = "core/internal/txn/attempt.go"
	abortFile     = "core/internal/txn/abort.go"
	seenFile      = "core/internal/txn/seen.go"
	decisionFile  = "core/internal/txn/decision.go"
	lockFile      = "core/internal/document/lock.go"
	commitFile    = "core/tx_commit.go"
	validateFile  = "core/tx_validate.go"
	footprintFile = "core/footprint.go"
)

var (
	several    = []string{"TestCounters", "TestWriteSkew", "TestTransactions", "TestPlainOperationsAmongTransactions", "TestCreateDeleteCreate"}
	moments    = []string{"TestMomentsBetween"}
	predicates = []string{"TestPredicates", "TestTransactions", "TestPredicatesAndIndexLoss"}
)

// transactionMutants are the rules of transactions.
var transactionMutants = []mutant{
	{"a reader waits for a transaction that rests on its reads", []edit{
		{resolverFile, "if d == nil && (mode == Patient || mode == Plain && lock.Reads) {", "if d == nil && mode == Patient {"},
	}, several},
	{"a lock says that its transaction rests on reads", []edit{
		{commitFile, "Reads: len(reads)+len(tx.predicates)+len(tx.checks) > 0,", "Reads: false,"},
	}, several},
	{"a lock says that its transaction rests on queries", []edit{
		{commitFile, "Reads: len(reads)+len(tx.predicates)+len(tx.checks) > 0,", "Reads: len(reads)+len(tx.checks) > 0,"},
	}, predicates},
	{"what was only read is looked at again", []edit{
		{validateFile, "if err := tx.validateReads(ctx, reads); err != nil {", "if err := error(nil); err != nil {"},
	}, several},
	{"what was read under an undecided lock is still undecided", []edit{
		{seenFile, "undecided = d == nil", "undecided = d == nil || true"},
	}, several},
	{"a transaction that only reads looks at everything twice", []edit{
		{commitFile, "return notSent(ctx, tx.validate(ctx, reads))", "return nil"},
	}, several},
	{"the decision that a transaction is ended stays", []edit{
		{resolverFile, "return r.Registers.Replace(ctx, state, body, nil)", "next, err := r.Registers.Replace(ctx, state, body, nil)\n\tr.forgetEarly(ctx, lock.ID)\n\treturn next, err"},
		{decisionFile, "const decideRounds = 3", "const decideRounds = 3\n\nfunc (r *Resolver) forgetEarly(ctx context.Context, id string) {\n\t_ = r.Registers.Objects.Delete(ctx, layout.DecisionKey(id), ports.Any)\n}"},
	}, several},
	{"a lock that is taken off leaves bytes that never were", []edit{
		{resolverFile, "return document.WithNonce(before, r.Nonce())", "if before != nil {\n\t\treturn before, nil\n\t}\n\treturn document.WithNonce(before, r.Nonce())"},
		{abortFile, "body, err := document.WithNonce(before, a.Nonce())", "body, err := document.WithNonce(before, a.Nonce())\n\tif before != nil {\n\t\tbody = before\n\t}"},
	}, several},
	{"a lock that is taken off an absent document leaves a tombstone", []edit{
		{abortFile, "body, err := document.WithNonce(before, a.Nonce())", "if before == nil {\n\t\t_ = a.Registers.Objects.Delete(ctx, w.Base.Key, ports.IfVersion(w.locked.Version))\n\t\treturn nil\n\t}\n\tbody, err := document.WithNonce(before, a.Nonce())"},
	}, several},
	{"a lock that is taken off leaves the revision", []edit{
		{lockFile, "return append(headWith(d.Revision, nonce), body[end+1:]...), nil", "return append(headWith(d.Revision+1, nonce), body[end+1:]...), nil"},
	}, several},
	{"entries of a transaction are added before it is decided", []edit{
		{commitFile, "g.docs.holder.Begin(ctx, g.next...)", "g.docs.holder.Begin(ctx)"},
	}, predicates},
	{"queries are run again", []edit{
		{footprintFile, "if len(tx.predicates) == 0 {", "if true {"},
	}, predicates},
	{"a candidate that does not match must have been seen before", []edit{
		{footprintFile, "before.failed == s.failed:\n\t\tdefault:\n\t\t\treturn false", "before.failed == s.failed:\n\t\tdefault:"},
	}, moments},
	{"queries are run again before documents are looked at again", []edit{
		{validateFile, "if err := tx.validateQueries(ctx); err != nil {\n\t\treturn err\n\t}\n\tif err := tx.validateReads(ctx, reads); err != nil {", "if err := tx.validateReads(ctx, reads); err != nil {\n\t\treturn err\n\t}\n\tif err := tx.validateQueries(ctx); err != nil {"},
	}, moments},
	{"nothing was added to the index between several queries", []edit{
		{footprintFile, "return f.counter == earlier.counter", "return true"},
	}, moments},
	{"a query meets no lock of others when it is run again", []edit{
		{footprintFile, "if f.conflict != \"\" {", "if false {"},
	}, predicates},
	{"a decision is sent under a lease of the regime of its entries", []edit{
		{commitFile, "\tfor _, g := range c.groups {\n\t\tif err := g.ticket.Renew(ctx); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\treturn c.attempt.Decide(ctx, c.gate)",
			"\treturn c.attempt.Decide(ctx, func(ctx context.Context) (context.Context, context.CancelFunc, error) { return ctx, func() {}, nil })"},
	}, []string{"TestPredicatesAndIndexLoss"}},
	{"a lock is based on what was read", []edit{
		{commitFile, "if !sameState(&e.base, &fresh.base) {", "if false {"},
	}, several},
	{"whoever decided first is right", []edit{
		{decisionFile, "if found != nil || readErr != nil {\n\t\t\treturn found, readErr", "if found != nil || readErr != nil {\n\t\t\treturn aborted, nil"},
	}, several},
	{"a writer decides a transaction before it takes a lock of it off", []edit{
		{resolverFile, "if d, err = r.outwait(ctx, state, lock); err != nil {\n\t\t\treturn state, err\n\t\t}", "d = new(Decision)"},
	}, several},
	{"a commit whose answer was lost is looked up", []edit{
		{attemptFile, "decided, abortErr := a.abort(ctx, a.ID)", "decided, abortErr := new(Decision), error(nil)"},
	}, several},
	{"an attempt whose commit may be under way is ended by a decision", []edit{
		{abortFile, "if a.sent || a.unsure.Load() {", "if false {"},
	}, several},
	{"one document alone is written plainly only if nothing was asked", []edit{
		{commitFile, "len(reads)+len(tx.predicates)+len(tx.checks)+len(tx.system) == 0", "len(reads)+len(tx.checks)+len(tx.system) == 0"},
	}, predicates},
	{"an entry that is not newer than the document counts", []edit{
		{footprintFile, "s.inFlight = o.candidate.AllNewer(o.read.revision)", "s.inFlight = true"},
	}, predicates},
}

func init() { mutants = append(mutants, transactionMutants...) }
