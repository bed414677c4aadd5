package simulation_test

// The files that hold the rules.
const (
	writerFile     = "core/internal/index/writer.go"
	candidatesFile = "core/internal/index/candidates.go"
	builderFile    = "core/internal/index/builder.go"
	holderFile     = "core/internal/index/holder.go"
	registerFile   = "core/internal/cas/register.go"
	revisionFile   = "core/internal/revision/revision.go"
	modifyFile     = "core/modify.go"
	memoryFile     = "adapters/memory/index.go"
)

// The workloads that are there for the same rules.
var (
	single  = []string{"TestRegisters", "TestCreateDeleteCreate", "TestCounters"}
	indexed = []string{"TestIndexedDocuments", "TestIndexLoss", "TestPredicates"}
	loss    = []string{"TestIndexLoss", "TestPredicatesAndIndexLoss"}
)

// mutants are the rules, one by one.
var mutants = []mutant{
	{rule: "revisions grow although clocks are apart", edits: []edit{
		{revisionFile, "return max(byClock, next)", "return byClock"},
	}, tests: single},
	{rule: "a greater revision than one's own leaves the outcome unknown", edits: []edit{
		{registerFile, "case readable && now < rev && w.Fresh(w.base):", "case readable:"},
	}, tests: single},
	{rule: "a write of unknown outcome is not made again", edits: []edit{
		{modifyFile, "!errors.Is(err, ports.ErrUnknown) && (", "("},
	}, tests: append(deadlines, single...)},
	{rule: "after one unknown answer a failed condition is read back", edits: []edit{
		{registerFile, "case errors.Is(err, ports.ErrPrecondition) && w.unknown:", "case false:"},
	}, tests: single},
	{rule: "entries are added before the document is written", edits: []edit{
		{writerFile, "return h.Index.Begin(ctx, h.space, t.view.regime(), batch)", "_ = batch\n\t\t\treturn nil"},
	}, tests: indexed},
	{rule: "only entries that are older than the document are dead", edits: []edit{
		{candidatesFile, "rev < current {", "rev != current {"},
	}, tests: indexed},
	{rule: "a write of unknown outcome removes nothing", edits: []edit{
		{writerFile, "func (t *Ticket) Unknown() {}", "func (t *Ticket) Unknown() { t.Failed() }"},
	}, tests: indexed},
	{rule: "a write is sent only under a valid lease", edits: []edit{
		{writerFile, "if h.left(t.view) <= 0 {", "if false {"},
		{writerFile, "if h.LateWait == 0 {", "if false {"},
		{holderFile, "if v := h.current.Load(); v != nil {\n\t\tif h.holds(v) {", "if v := h.current.Load(); v != nil {\n\t\tif true {"},
	}, tests: loss},
	{rule: "a builder waits until old leases have run out and late writes have landed", edits: []edit{
		{builderFile, "h.Registers.Clock.Sleep(ctx, h.Lease+h.LateWait+h.Lease/4)", "h.Registers.Clock.Sleep(ctx, 0)"},
	}, tests: loss},
	{rule: "a query reads the manifest after the index has answered", edits: []edit{
		{candidatesFile, "now, err := c.holder.fetch(ctx)", "return true, nil\n\tnow, err := c.holder.fetch(ctx)"},
	}, tests: loss},
	{rule: "the index checks the epoch", edits: []edit{
		{memoryFile, `case !ok || found.epoch == "" || regime.Epoch != found.epoch:`, "case !ok:\n\t\treturn s.space(name), nil\n\tcase false:"},
	}, tests: loss},
	{rule: "the index checks the identity", edits: []edit{
		{memoryFile, "case regime.Identity != s.identity:", "case false:"},
	}, tests: loss},
}
