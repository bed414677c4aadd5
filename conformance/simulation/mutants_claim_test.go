package simulation_test

const (
	judgeFile    = "core/internal/unique/judge.go"
	claimFile    = "core/internal/unique/claim.go"
	freeFile     = "core/internal/unique/free.go"
	releaseFile  = "core/internal/unique/release.go"
	enderFile    = "core/internal/index/ender.go"
	objectsFile  = "core/maintain_objects.go"
	maintainFile = "core/maintain_tx.go"
)

var (
	claims      = []string{"TestUniqueValues", "TestUniqueValuesInTransactions", "TestMaintenanceOfUniqueValues"}
	sleep       = []string{"TestLongSleeps"}
	maintenance = []string{"TestMaintenance", "TestMaintenanceWithIndexes", "TestMaintenanceOfUniqueValues"}
)

// claimMutants are the rules of unique values and of maintenance.
var claimMutants = []mutant{
	{rule: "a document is fenced before its pending claim is taken over", edits: []edit{
		{freeFile, "return false, m.fence(ctx, o)", "return true, nil"},
	}, tests: claims},
	{rule: "the state that a claim rests on includes the nonce", edits: []edit{
		{claimFile, "return baseVersion + string(state.Version)", "rev, _ := document.RevisionOf(state.Body)\n\treturn baseVersion + rev.String()"},
	}, tests: claims},
	{rule: "a claim is pending while its document is in the state that it rests on", edits: []edit{
		{judgeFile, "case !o.ours && BaseOf(o.state) == cl.Base:", "case false:"},
	}, tests: claims},
	{rule: "the owner of a claim that a transaction has locked has not let go", edits: []edit{
		{judgeFile, "if o.state, err = c.Resolver.Settle(ctx, o.state); err != nil {\n\t\t\t\treturn o, err\n\t\t\t}\n\t\t\tbody = o.state.Body", "body = nil"},
	}, tests: claims},
	{rule: "a dead claim blocks nobody", edits: []edit{
		{judgeFile, "return Dead, nil", "return Held, nil"},
	}, tests: claims},
	{rule: "a claim is released only in the state that was judged", edits: []edit{
		{releaseFile, "ports.IfVersion(state.Version)", "ports.Any"},
	}, tests: []string{"TestMaintenanceOfUniqueValues", "TestUniqueValues", "TestUniqueValuesInTransactions"}},
	{rule: "a transaction locks the claims of its values", edits: []edit{
		{commitFile, "return c.attempt.Lock(ctx, writes...)", "return nil"},
	}, tests: claims},
	{rule: "a tombstone stays for a day", edits: []edit{
		{objectsFile, "m.caps.ConditionalDelete && m.old(c.info.ModTime) &&", "m.caps.ConditionalDelete &&"},
	}, tests: maintenance},
	{rule: "a decision stays for a day", edits: []edit{
		{maintainFile, "(!ok || !m.old(info.ModTime))", "!ok"},
	}, tests: maintenance},
	{rule: "a commit is sent no later than a minute after the first lock", edits: []edit{
		{attemptFile, "if !a.Registers.Fresh(a.began) {", "if false {"},
		{registerFile, "if !w.Fresh(w.base) {", "if false {"},
	}, tests: sleep},
	{rule: "a lock whose decision is not there is looked at again", edits: []edit{
		{resolverFile, "if d == nil || !d.Committed {", "if false {"},
	}, tests: sleep},
	{rule: "what was found dead long ago is not removed from the index", edits: []edit{
		{enderFile, "deadTime = 60 * time.Second", "deadTime = 480 * time.Hour"},
	}, directed: directed{"core", "./internal/index", "TestAnEntryFoundDeadLongAgoIsLeftAlone"}},
}

func init() { mutants = append(mutants, claimMutants...) }
