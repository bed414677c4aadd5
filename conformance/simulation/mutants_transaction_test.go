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
	deadlines  = []string{"TestDeadlines"}
	moments    = []string{"TestMomentsBetween"}
	predicates = []string{"TestPredicates", "TestTransactions", "TestPredicatesAndIndexLoss"}
)

// transactionMutants are the rules of transactions.
var transactionMutants = []mutant{
	{rule: "a reader waits for a transaction that rests on its reads", edits: []edit{
		{resolverFile, "if d == nil && (mode == Patient || mode == Plain && lock.Reads) {", "if d == nil && mode == Patient {"},
	}, tests: several},
	{rule: "a lock says that its transaction rests on reads", edits: []edit{
		{commitFile, "Reads: len(reads)+len(tx.predicates)+len(tx.checks) > 0,", "Reads: false,"},
	}, tests: several},
	{rule: "a lock says that its transaction rests on queries", edits: []edit{
		{commitFile, "Reads: len(reads)+len(tx.predicates)+len(tx.checks) > 0,", "Reads: len(reads)+len(tx.checks) > 0,"},
	}, tests: predicates},
	{rule: "what was only read is looked at again", edits: []edit{
		{validateFile, "if err := tx.validateReads(ctx, reads); err != nil {", "if err := error(nil); err != nil {"},
	}, tests: several},
	{rule: "what was read under an undecided lock is still undecided", edits: []edit{
		{seenFile, "undecided = d == nil", "undecided = d == nil || true"},
	}, tests: []string{"TestCreateDeleteCreate"}},
	{rule: "a transaction that only reads looks at everything twice", edits: []edit{
		{commitFile, "return notSent(ctx, tx.validate(ctx, reads))", "return nil"},
	}, tests: several},
	{rule: "the decision that a transaction is ended stays", edits: []edit{
		{resolverFile, "return r.Registers.Replace(ctx, state, body, nil)", "next, err := r.Registers.Replace(ctx, state, body, nil)\n\tr.forgetEarly(ctx, lock.ID)\n\treturn next, err"},
		{decisionFile, "const decideRounds = 3", "const decideRounds = 3\n\nfunc (r *Resolver) forgetEarly(ctx context.Context, id string) {\n\t_ = r.Registers.Objects.Delete(ctx, layout.DecisionKey(id), ports.Any)\n}"},
	}, tests: several},
	{rule: "a lock that is taken off leaves bytes that never were", edits: []edit{
		{resolverFile, "return document.WithNonce(before, r.Nonce())", "if before != nil {\n\t\treturn before, nil\n\t}\n\treturn document.WithNonce(before, r.Nonce())"},
		{abortFile, "body, err := document.WithNonce(before, a.Nonce())", "body, err := document.WithNonce(before, a.Nonce())\n\tif before != nil {\n\t\tbody = before\n\t}"},
	}, tests: append(deadlines, several...)},
	{rule: "a lock that is taken off an absent document leaves a tombstone", edits: []edit{
		{abortFile, "body, err := document.WithNonce(before, a.Nonce())", "if before == nil {\n\t\t_ = a.Registers.Objects.Delete(ctx, w.Base.Key, ports.IfVersion(w.locked.Version))\n\t\treturn nil\n\t}\n\tbody, err := document.WithNonce(before, a.Nonce())"},
	}, tests: []string{"TestCreateDeleteCreate"}},
	{rule: "a lock that is taken off leaves the revision", edits: []edit{
		{lockFile, "return append(headWith(d.Revision, nonce), body[end+1:]...), nil", "return append(headWith(d.Revision+1, nonce), body[end+1:]...), nil"},
	}, tests: several},
	{rule: "entries of a transaction are added before it is decided", edits: []edit{
		{commitFile, "g.docs.holder.Begin(ctx, g.next...)", "g.docs.holder.Begin(ctx)"},
	}, tests: predicates},
	{rule: "queries are run again", edits: []edit{
		{footprintFile, "if len(tx.predicates) == 0 {", "if true {"},
	}, tests: predicates},
	{rule: "a candidate that does not match must have been seen before", edits: []edit{
		{footprintFile, "before.failed == s.failed:\n\t\tdefault:\n\t\t\treturn false", "before.failed == s.failed:\n\t\tdefault:"},
	}, tests: moments},
	{rule: "queries are run again before documents are looked at again", edits: []edit{
		{validateFile, "if err := tx.validateQueries(ctx); err != nil {\n\t\treturn err\n\t}\n\tif err := tx.validateReads(ctx, reads); err != nil {", "if err := tx.validateReads(ctx, reads); err != nil {\n\t\treturn err\n\t}\n\tif err := tx.validateQueries(ctx); err != nil {"},
	}, tests: moments},
	{rule: "nothing was added to the index between several queries", edits: []edit{
		{footprintFile, "return f.counter == earlier.counter", "return true"},
	}, tests: moments},
	{rule: "a query meets no lock of others when it is run again", edits: []edit{
		{footprintFile, "if f.conflict != \"\" {", "if false {"},
	}, tests: predicates},
	{rule: "a decision is sent under a lease of the regime of its entries", edits: []edit{
		{commitFile, "\tfor _, g := range c.groups {\n\t\tif err := g.ticket.Renew(ctx); err != nil {\n\t\t\treturn err\n\t\t}\n\t}\n\treturn c.attempt.Decide(ctx, c.gate)",
			"\treturn c.attempt.Decide(ctx, func(ctx context.Context) (context.Context, context.CancelFunc, error) { return ctx, func() {}, nil })"},
	}, tests: []string{"TestPredicatesAndIndexLoss"}},
	{rule: "a lock is based on what was read", edits: []edit{
		{commitFile, "if !sameState(&e.base, &fresh.base) {", "if false {"},
	}, tests: several},
	{rule: "whoever decided first is right", edits: []edit{
		{decisionFile, "if found != nil || readErr != nil {\n\t\t\treturn found, readErr", "if found != nil || readErr != nil {\n\t\t\treturn aborted, nil"},
	}, tests: several},
	{rule: "a writer decides a transaction before it takes a lock of it off", edits: []edit{
		{resolverFile, "if d, err = r.outwait(ctx, state, lock); err != nil {\n\t\t\treturn state, err\n\t\t}", "d = new(Decision)"},
	}, tests: several},
	{rule: "a commit whose answer was lost is looked up", edits: []edit{
		{attemptFile, "decided, abortErr := a.abort(ctx, a.ID)", "decided, abortErr := new(Decision), error(nil)"},
	}, tests: append(deadlines, several...)},
	{rule: "an attempt whose commit may be under way is ended by a decision", edits: []edit{
		{abortFile, "if a.sent || a.unsure.Load() {", "if false {"},
	}, tests: deadlines},
	{rule: "one document alone is written plainly only if nothing was asked", edits: []edit{
		{commitFile, "len(reads)+len(tx.predicates)+len(tx.checks)+len(tx.system) == 0", "len(reads)+len(tx.checks)+len(tx.system) == 0"},
	}, tests: predicates},
	{rule: "an entry that is not newer than the document counts", edits: []edit{
		{footprintFile, "s.inFlight = o.candidate.AllNewer(o.read.revision)", "s.inFlight = true"},
	}, tests: moments},
}

func init() { mutants = append(mutants, transactionMutants...) }
