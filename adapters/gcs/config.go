package gcs

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"cloud.google.com/go/auth"

	"github.com/smarterbase/smarterbase/ports"
)

// Config says what Open opens. Bucket is required; the zero value of
// everything else is right for a bucket of Google Cloud Storage.
type Config struct {
	// Bucket is the name of a bucket that exists.
	Bucket string

	// Prefix confines the store to the keys below "Prefix/". Empty: the whole
	// bucket. It is a key: no slash at its ends.
	Prefix string

	// Endpoint is the address of another server with the same JSON API, such as
	// an emulator: "http://127.0.0.1:4443". Without a path, "/storage/v1/" is
	// added. Empty: the environment variable STORAGE_EMULATOR_HOST, then Google.
	// No credentials are sent to an endpoint unless Credentials are given.
	Endpoint string

	// Credentials sign the requests. Nil: the application default credentials
	// (GOOGLE_APPLICATION_CREDENTIALS, gcloud, the metadata server), with the
	// scope devstorage.read_write, or none where an endpoint is set. They are
	// refused together with Anonymous and with an endpoint of plain http.
	Credentials *auth.Credentials

	// Anonymous sends no credentials.
	Anonymous bool

	// UserProject is the project that pays, for buckets where the requester
	// does. Empty: the owner of the bucket pays.
	UserProject string

	// ChunkSize is the memory that a PutStream takes, and how much it sends in
	// one request: 256 KiB to 64 MiB, rounded up to a multiple of 256 KiB.
	// 0: 8 MiB.
	ChunkSize int

	// SkipProbe leaves out the check that the bucket honours conditions. It
	// saves about 20 requests at open, and is needed with credentials that may
	// only read. Capabilities are then those of Google Cloud Storage.
	SkipProbe bool

	// Clock is for the waits of the probe. Nil: the machine's.
	Clock ports.Clock
}

// Options refines New. Bucket is required; the fields mean what they mean in
// Config.
type Options struct {
	Bucket      string
	Prefix      string
	UserProject string
	ChunkSize   int
	SkipProbe   bool
	Clock       ports.Clock
}

func (c Config) options() Options {
	return Options{
		Bucket: c.Bucket, Prefix: c.Prefix, UserProject: c.UserProject,
		ChunkSize: c.ChunkSize, SkipProbe: c.SkipProbe, Clock: c.Clock,
	}
}

const (
	chunkUnit        = 256 << 10 // of resumable uploads, by the protocol
	defaultChunkSize = 8 << 20
	maxChunkSize     = 64 << 20
)

// applyDefaults checks the options and fills what is zero.
func (o *Options) applyDefaults() error {
	if o.Bucket == "" || strings.Contains(o.Bucket, "/") {
		return fmt.Errorf("option Bucket is %q, not the name of a bucket", o.Bucket)
	}
	if o.ChunkSize == 0 {
		o.ChunkSize = defaultChunkSize
	}
	if o.ChunkSize < chunkUnit || o.ChunkSize > maxChunkSize {
		return fmt.Errorf("option ChunkSize is %d, not within %d to %d", o.ChunkSize, chunkUnit, maxChunkSize)
	}
	o.ChunkSize = (o.ChunkSize + chunkUnit - 1) / chunkUnit * chunkUnit
	if o.Clock == nil {
		o.Clock = ports.SystemClock()
	}
	return nil
}

// endpoint returns the base address of the JSON API, empty for Google's.
func (c Config) endpoint() (string, error) {
	address := c.Endpoint
	if address == "" {
		if address = os.Getenv("STORAGE_EMULATOR_HOST"); address == "" {
			return "", nil
		}
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || (u.Scheme != "http" && u.Scheme != "https") {
		return "", errors.New("option Endpoint is not of the form http://host:port or https://host:port")
	}
	if c.Credentials != nil && u.Scheme == "http" {
		return "", errors.New("option Endpoint is plain http, over which option Credentials would be sent in the clear")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/storage/v1/"
	}
	if !strings.HasSuffix(u.Path, "/") {
		u.Path += "/"
	}
	return u.String(), nil
}
