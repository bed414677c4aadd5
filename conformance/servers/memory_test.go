package servers_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/smarterbase/smarterbase/adapters/encryption"
	"github.com/smarterbase/smarterbase/conformance/services"
	"github.com/smarterbase/smarterbase/ports"
)

// encrypted puts a key of these tests before a store.
func encrypted(t testing.TB, inner ports.ObjectStore) ports.ObjectStore {
	t.Helper()
	keyring, err := encryption.FromKey([]byte("the key of the tests is 32 bytes"))
	require.NoError(t, err)
	outer, err := encryption.Store(inner, keyring, encryption.Options{})
	require.NoError(t, err)
	return outer
}

// A long stream through S3 and encryption takes little memory, up and down.
func TestAStreamTakesLittleMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the resident memory of a process is read from /proc")
	}
	server := services.S3(t)
	program := filepath.Join(t.TempDir(), "streamer")
	said, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./streamer").CombinedOutput()
	require.NoError(t, err, "%s", said)
	cmd := exec.CommandContext(t.Context(), program, "-endpoint", server.Endpoint, "-bucket", server.NewBucket(t), "-mib", "256")
	cmd.Env = append(os.Environ(), "AWS_ACCESS_KEY_ID="+server.AccessKey, "AWS_SECRET_ACCESS_KEY="+server.SecretKey)
	cmd.Stderr = os.Stderr
	said, err = cmd.Output()
	require.NoError(t, err)
	var report struct{ Start, Peak int64 }
	require.NoError(t, json.Unmarshal(said, &report), "%s", said)
	t.Logf("256 MiB up and down: %d MiB at the start, %d MiB at the peak", report.Start>>20, report.Peak>>20)
	require.Less(t, report.Peak-report.Start, int64(64<<20))
}
