package servers_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// page holds the table of what each adapter can do on each server.
const page = "../../docs/adapters.md"

// The table on the page is what the stores say of themselves, having asked
// their servers.
func TestThePageHasTheCapabilities(t *testing.T) {
	t.Parallel()
	table := "| store | conditional delete | unique versions | late writes | nested keys | longest key |\n|---|---|---|---|---|---|\n"
	yes := map[bool]string{true: "yes", false: "no"}
	for _, b := range slices.Concat(locals, backends) {
		c := b.fresh(t).open(t).Capabilities()
		key := "1,024"
		if c.MaxKeyBytes > 0 {
			key = fmt.Sprint(c.MaxKeyBytes)
		}
		table += fmt.Sprintf("| %s | %s | %s | %s | %s | %s |\n", b.name,
			yes[c.ConditionalDelete], yes[c.UniqueVersions], yes[c.LateWrites], yes[c.NestedKeys], key)
	}
	t.Log("\n" + table)
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.True(t, strings.Contains(string(text), table), "the table on %s is another one", page)
}
