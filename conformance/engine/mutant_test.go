package engine_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mutant is a rule of the protocol that is taken away: each edit replaces a
// text that occurs once in a file.
type mutant struct {
	rule  string
	edits []edit

	// directed is a test that was written for this rule; empty: the
	// simulations must find out.
	directed string
}

type edit struct{ file, old, new string }

const (
	writerFile     = "core/internal/index/writer.go"
	candidatesFile = "core/internal/index/candidates.go"
	builderFile    = "core/internal/index/builder.go"
	regimeFile     = "core/internal/index/regime.go"
	entriesFile    = "core/internal/index/entries.go"
	holderFile     = "core/internal/index/holder.go"
	registerFile   = "core/internal/cas/register.go"
	revisionFile   = "core/internal/revision/revision.go"
	modifyFile     = "core/modify.go"
	memoryFile     = "adapters/memory/index.go"
)

var mutants = []mutant{
	{"entries are added before the document is written", []edit{
		{writerFile, "return h.Index.Begin(ctx, h.space, t.view.regime(), batch)", "return nil"},
		{writerFile, "func (t *Ticket) Committed(base ...State) {", "func (t *Ticket) Committed(base ...State) {\n\tif h := t.holder; len(t.entries) > 0 {\n\t\t_ = h.Index.Begin(context.Background(), h.space, t.view.regime(), t.entries)\n\t}\n"},
	}, ""},
	{"only entries that are older than the document are dead", []edit{
		{candidatesFile, "rev < current {", "rev != current {"},
	}, ""},
	{"a write is sent only under a valid lease", []edit{
		{writerFile, "if h.left(t.view) <= 0 {", "if false {"},
		{writerFile, "if h.LateWait == 0 {", "if false {"},
		{holderFile, "if v := h.current.Load(); v != nil {\n\t\tif h.holds(v) {", "if v := h.current.Load(); v != nil {\n\t\tif true {"},
	}, ""},
	{"a builder waits until old leases have run out and late writes have landed", []edit{
		{builderFile, "h.Registers.Clock.Sleep(ctx, h.Lease+h.LateWait+h.Lease/4)", "h.Registers.Clock.Sleep(ctx, 0)"},
	}, ""},
	{"the wait of a builder includes late writes", []edit{
		{builderFile, "h.Registers.Clock.Sleep(ctx, h.Lease+h.LateWait+h.Lease/4)", "h.Registers.Clock.Sleep(ctx, h.Lease)"},
	}, ""},
	{"a write of unknown outcome removes nothing", []edit{
		{writerFile, "func (t *Ticket) Unknown() {}", "func (t *Ticket) Unknown() { t.Failed() }"},
	}, ""},
	{"a query reads the manifest after the index has answered", []edit{
		{candidatesFile, "now, err := c.holder.fetch(ctx)", "return true, nil\n\tnow, err := c.holder.fetch(ctx)"},
	}, ""},
	{"the index checks the epoch", []edit{
		{memoryFile, `case !ok || found.epoch == "" || regime.Epoch != found.epoch:`, "case !ok:\n\t\treturn s.space(name), nil\n\tcase false:"},
	}, ""},
	{"the index checks the identity", []edit{
		{memoryFile, "case regime.Identity != s.identity:", "case false:"},
	}, ""},
	{"revisions grow although clocks are apart", []edit{
		{revisionFile, "return max(byClock, next)", "return byClock"},
	}, ""},
	{"ranges that are read one after another count only if nothing was added in between", []edit{
		{candidatesFile, "steady = steady && pages[i].Begins == pages[0].Begins", ""},
	}, ""},
	{"a greater revision than one's own leaves the outcome unknown", []edit{
		{registerFile, "case readable && now < rev && w.Fresh(w.base):", "case readable:"},
	}, "TestAnUnknownOutcomeIsNotRetriedAsANewWrite"},
	{"a write of unknown outcome is not made again", []edit{
		{modifyFile, "!errors.Is(err, ports.ErrUnknown) && (", "("},
	}, "TestAnUnknownOutcomeIsNotRetriedAsANewWrite"},
	{"after one unknown answer a failed condition is read back", []edit{
		{registerFile, "case errors.Is(err, ports.ErrPrecondition) && w.unknown:", "case false:"},
	}, ""},
	{"an install is not sent again while it may be under way", []edit{
		{regimeFile, "if errors.Is(err, ports.ErrUnknown) || errors.Is(err, ports.ErrStale) {", "if errors.Is(err, ports.ErrStale) {"},
	}, "TestALateInstallDoesNotMakeAnEmptyIndexValid"},
	{"a put ends with the lease, also where there is no manifest", []edit{
		{writerFile, "if h.LateWait == 0 {", "if h.LateWait == 0 && t.view.usable() {"},
	}, "TestAPutDoesNotOutliveItsLease"},
	{"a put on an old lease is not sent after a sleep", []edit{
		{writerFile, "if h.left(t.view) <= 0 {", "if false {"},
	}, "TestAProcessThatSleptFetchesTheManifestAgain"},
	{"a write is not based on an old read", []edit{
		{registerFile, "if !w.Fresh(w.base) {", "if false {"},
	}, "TestACounterIsNotRetriedAfterASleep"},
	{"an empty array behind the first field has an entry", []edit{
		{entriesFile, "(!fannedOut || i > 0)", "!fannedOut"},
	}, "TestEveryPlanAnswersWhatAScanAnswers"},
}

// root is the folder of the repository.
const root = "../.."

// TestMutants checks that each rule that the simulations must notice is still
// where the mutants look for it. With SB_MUTANTS set it builds each mutant,
// beside the tree, and lets the simulations find it.
func TestMutants(t *testing.T) {
	for _, m := range mutants {
		t.Run(m.rule, func(t *testing.T) {
			overlay := m.write(t)
			if os.Getenv("SB_MUTANTS") == "" {
				return
			}
			m.mustBeCaught(t, overlay)
		})
	}
}

// write makes an overlay for the go command that holds the edited files.
func (m mutant) write(t *testing.T) (overlay string) {
	t.Helper()
	dir := t.TempDir()
	texts := make(map[string]string)
	for _, e := range m.edits {
		if _, read := texts[e.file]; !read {
			source, err := os.ReadFile(filepath.Join(root, e.file))
			require.NoError(t, err)
			texts[e.file] = string(source)
		}
		require.Equal(t, 1, strings.Count(texts[e.file], e.old), "%s: %q", e.file, e.old)
		texts[e.file] = strings.Replace(texts[e.file], e.old, e.new, 1)
	}
	replace := make(map[string]string)
	for file, text := range texts {
		original, err := filepath.Abs(filepath.Join(root, file))
		require.NoError(t, err)
		replace[original] = filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		require.NoError(t, os.WriteFile(replace[original], []byte(text), 0o600))
	}
	listing, err := json.Marshal(map[string]any{"Replace": replace})
	require.NoError(t, err)
	overlay = filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(overlay, listing, 0o600))
	return overlay
}

var whenCaught = regexp.MustCompile(`simulation number (\d+)`)

func (m mutant) mustBeCaught(t *testing.T, overlay string) {
	t.Helper()
	binary := filepath.Join(filepath.Dir(overlay), "mutant.test")
	ctx := context.Background()
	built, err := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", binary, ".").CombinedOutput()
	require.NoError(t, err, "%s", built)
	simulations := []string{"TestIndexRegimes/network$", "TestIndexRegimes/local$", "TestHistoriesAreLinearizable$"}
	if m.directed != "" {
		simulations = []string{m.directed + "$"}
	}
	caught := false
	for _, tests := range simulations {
		output, err := exec.CommandContext(ctx, binary, "-test.run", tests).CombinedOutput()
		if err == nil {
			t.Logf("%s: not caught", tests)
			continue
		}
		require.Contains(t, string(output), "--- FAIL: ")
		caught = true
		if found := whenCaught.FindStringSubmatch(string(output)); found != nil {
			t.Logf("%s: caught by simulation number %s", tests, found[1])
		}
	}
	require.True(t, caught, "nothing noticed that this rule is gone: %s", m.rule)
}
