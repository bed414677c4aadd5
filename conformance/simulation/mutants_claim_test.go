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
	{"a document is fenced before its pending claim is taken over", []edit{
		{freeFile, "return false, m.fence(ctx, o)", "return true, nil"},
	}, claims},
	{"the state that a claim rests on includes the nonce", []edit{
		{claimFile, "return baseVersion + string(state.Version)", "rev, _ := document.RevisionOf(state.Body)\n\treturn baseVersion + rev.String()"},
	}, claims},
	{"a claim is pending while its document is in the state that it rests on", []edit{
		{judgeFile, "case !o.ours && BaseOf(o.state) == cl.Base:", "case false:"},
	}, claims},
	{"the owner of a claim that a transaction has locked has not let go", []edit{
		{judgeFile, "if o.state, err = c.Resolver.Settle(ctx, o.state); err != nil {\n\t\t\t\treturn o, err\n\t\t\t}\n\t\t\tbody = o.state.Body", "body = nil"},
	}, claims},
	{"a dead claim blocks nobody", []edit{
		{judgeFile, "return Dead, nil", "return Held, nil"},
	}, claims},
	{"a claim is released only in the state that was judged", []edit{
		{releaseFile, "ports.IfVersion(state.Version)", "ports.Any"},
	}, []string{"TestMaintenanceOfUniqueValues", "TestUniqueValues", "TestUniqueValuesInTransactions"}},
	{"a transaction locks the claims of its values", []edit{
		{commitFile, "return c.attempt.Lock(ctx, writes...)", "return nil"},
	}, claims},
	{"a tombstone stays for a day", []edit{
		{objectsFile, "m.caps.ConditionalDelete && m.old(c.info.ModTime) &&", "m.caps.ConditionalDelete &&"},
	}, maintenance},
	{"a decision stays for a day", []edit{
		{maintainFile, "(!ok || !m.old(info.ModTime))", "!ok"},
	}, maintenance},
	{"a commit is sent no later than a minute after the first lock", []edit{
		{attemptFile, "if !a.Registers.Fresh(a.began) {", "if false {"},
		{registerFile, "if !w.Fresh(w.base) {", "if false {"},
	}, sleep},
	{"a lock whose decision is not there is looked at again", []edit{
		{resolverFile, "if d == nil || !d.Committed {", "if false {"},
	}, sleep},
	{"what was found dead long ago is not removed from the index", []edit{
		{enderFile, "deadTime = 60 * time.Second", "deadTime = 480 * time.Hour"},
	}, []string{"TestMaintenanceWithIndexes"}},
}

func init() { mutants = append(mutants, claimMutants...) }
