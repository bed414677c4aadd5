package s3

import (
	"testing"

	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

// The kit runs here on a server in memory, in each way that servers behave;
// conformance/engine runs it on real ones.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server func(*fake)
		client func(*Config)
	}{
		"as Amazon, with CRC":             {client: func(c *Config) { c.Checksum = ChecksumCRC }},
		"deletes what is missing, prefix": {server: func(f *fake) { f.missingDelete = true }, client: func(c *Config) { c.Prefix = "tenants/7" }},
		"refuses nested keys":             {server: func(f *fake) { f.refuseNested = true }},
		"hides nested keys, with MD5": {
			server: func(f *fake) { f.hideNested, f.ignoreDelete = true, true },
			client: func(c *Config) { c.Checksum = ChecksumMD5 },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conformance.TestObjectStore(t, harness(tt.server, tt.client))
		})
	}
}

func harness(server func(*fake), client func(*Config)) conformance.StoreHarness {
	fakes := map[ports.ObjectStore]*fake{}
	connect := func(t testing.TB, f *fake) ports.ObjectStore {
		c := f.config()
		c.SkipProbe, c.Facts = false, Facts{}
		c.PartSize, c.MaxObjectSize = minPartSize, 8<<20
		if client != nil {
			client(&c)
		}
		s, err := Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		fakes[s] = f
		return s
	}
	return conformance.StoreHarness{
		New:    func(t testing.TB) ports.ObjectStore { return connect(t, newFake(t, server)) },
		Second: func(t testing.TB, first ports.ObjectStore) ports.ObjectStore { return connect(t, fakes[first]) },
		Reopen: func(t testing.TB, first ports.ObjectStore) ports.ObjectStore {
			if err := first.(*Store).Close(); err != nil { // made above
				t.Fatal(err)
			}
			return connect(t, fakes[first])
		},
		PageSize: maxPage,
		Reserved: reserved(server),
	}
}

// reserved are keys of the kit that a file-backed server keeps for itself.
func reserved(server func(*fake)) map[string]string {
	f := &fake{}
	if server != nil {
		server(f)
	}
	if !f.refuseNested {
		return nil
	}
	return map[string]string{".sgwtmp/x": "names with .sgwtmp belong to the server"}
}
