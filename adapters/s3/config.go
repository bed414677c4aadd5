package s3

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

// Config says what Open opens. Bucket is required; the zero value of everything
// else is right for a bucket of Amazon S3 with the default credentials.
type Config struct {
	// Bucket is the name of a bucket that exists.
	Bucket string

	// Prefix confines the store to the keys below "Prefix/". Empty: the whole
	// bucket. It is a key: no slash at its ends.
	Prefix string

	// Region is the region of the bucket. Empty: that of the environment or of
	// the shared configuration; "us-east-1" where there is none and an endpoint
	// is set.
	Region string

	// Endpoint is the URL of another server that speaks the protocol, such as
	// "http://127.0.0.1:9000". Empty: AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL of
	// the environment, then Amazon S3.
	Endpoint string

	// AccessKey and SecretKey sign the requests; SessionToken comes with
	// temporary ones. Empty: the default chain of the SDK (environment, shared
	// configuration, roles of containers and machines).
	AccessKey, SecretKey, SessionToken string

	// PathStyle says where the bucket's name goes.
	PathStyle PathStyle

	// HTTPClient sends the requests and stays the caller's to close. Nil: the
	// store makes one with up to 256 idle connections, and closes it.
	HTTPClient *http.Client

	// Checksum says how bodies are protected on their way.
	Checksum Checksum

	// PartSize is the size of the first thousand parts of an upload in bytes, 5
	// MiB to 5 GiB. Each further thousand has parts of twice the size. 0: 8 MiB.
	PartSize int64

	// Parallel is how many parts of an upload are sent at once, 1 to 64. An
	// upload takes Parallel times PartSize of memory. 0: 4.
	Parallel int

	// MaxObjectSize is the greatest size of a Put in bytes, at most 5 GiB, which
	// is also the default. PutStream is not bound by it.
	MaxObjectSize int64

	// SkipProbe leaves out the check of what the server honours. It saves some
	// 40 requests at open, and is needed with credentials that may only read.
	SkipProbe bool

	// Facts are taken for true if SkipProbe is set, and must not be given
	// otherwise. The zero value claims nothing where an endpoint is set, and
	// stands for AmazonFacts otherwise.
	Facts Facts

	// Clock is for the waits of the probe and of the end of an upload that
	// failed. Nil: the machine's.
	Clock ports.Clock
}

// Options refines New. Bucket is required; the fields mean what they mean in
// Config.
type Options struct {
	Bucket        string
	Prefix        string
	Checksum      Checksum
	PartSize      int64
	Parallel      int
	MaxObjectSize int64
	SkipProbe     bool
	Facts         Facts
	Clock         ports.Clock
}

// PathStyle says where the name of the bucket goes in a request.
type PathStyle uint8

const (
	// PathAuto is PathAlways where an endpoint is set and PathNever otherwise.
	PathAuto PathStyle = iota
	// PathAlways puts the bucket into the path: https://host/bucket/key.
	PathAlways
	// PathNever puts the bucket into the host: https://bucket.host/key.
	PathNever
)

// Checksum says how bodies are protected on their way to and from the server.
type Checksum uint8

const (
	// ChecksumAuto is ChecksumCRC for Amazon S3 and ChecksumNone where an
	// endpoint is set, because many other servers refuse or store the trailers
	// of the former. New leaves the setting of the client as it is.
	ChecksumAuto Checksum = iota
	// ChecksumCRC sends a CRC-32 with each body and checks those that the
	// server sends.
	ChecksumCRC
	// ChecksumMD5 sends Content-MD5 with each body. All servers know it.
	ChecksumMD5
	// ChecksumNone sends none that the protocol does not demand. Over plain
	// http the signature protects the body.
	ChecksumNone
)

const (
	minPartSize     = 5 << 20 // by the protocol, for all parts but the last
	maxPartSize     = 5 << 30
	defaultPartSize = 8 << 20
	defaultParallel = 4
	maxParallel     = 64
	maxPutSize      = 5 << 30
)

func (c Config) options() Options {
	return Options{
		Bucket: c.Bucket, Prefix: c.Prefix, Checksum: c.Checksum, PartSize: c.PartSize, Parallel: c.Parallel,
		MaxObjectSize: c.MaxObjectSize, SkipProbe: c.SkipProbe, Facts: c.Facts, Clock: c.Clock,
	}
}

// check refuses what Open alone reads.
func (c Config) check() error {
	if (c.AccessKey == "") != (c.SecretKey == "") {
		return errors.New("options AccessKey and SecretKey are given together or not at all")
	}
	if c.SessionToken != "" && c.AccessKey == "" {
		return errors.New("option SessionToken is given without AccessKey")
	}
	if c.PathStyle > PathNever {
		return fmt.Errorf("option PathStyle is %d, none of the constants", c.PathStyle)
	}
	if c.Endpoint == "" {
		return nil
	}
	u, err := url.Parse(c.Endpoint)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return errors.New("option Endpoint is not a URL with http or https and a host")
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("option Endpoint has a user, query or fragment; credentials go into AccessKey and SecretKey")
	}
	return nil
}

// applyDefaults checks the options and fills what is zero.
func (o *Options) applyDefaults() error {
	o.PartSize = orDefault(o.PartSize, defaultPartSize)
	o.Parallel = orDefault(o.Parallel, defaultParallel)
	o.MaxObjectSize = orDefault(o.MaxObjectSize, maxPutSize)
	if o.Clock == nil {
		o.Clock = ports.SystemClock()
	}
	switch {
	case o.Bucket == "" || strings.Contains(o.Bucket, "/"):
		return fmt.Errorf("option Bucket is %q, not the name of a bucket", o.Bucket)
	case o.Checksum > ChecksumNone:
		return fmt.Errorf("option Checksum is %d, none of the constants", o.Checksum)
	case o.PartSize < minPartSize || o.PartSize > maxPartSize:
		return fmt.Errorf("option PartSize is %d, not %d to %d", o.PartSize, minPartSize, int64(maxPartSize))
	case o.Parallel < 1 || o.Parallel > maxParallel:
		return fmt.Errorf("option Parallel is %d, not 1 to %d", o.Parallel, maxParallel)
	case o.MaxObjectSize < 1 || o.MaxObjectSize > maxPutSize:
		return fmt.Errorf("option MaxObjectSize is %d, not 1 to %d", o.MaxObjectSize, int64(maxPutSize))
	case o.Facts != Facts{} && !o.SkipProbe:
		return errors.New("option Facts is given without SkipProbe; the probe finds them out")
	case o.Facts.Nesting > NestingFull:
		return fmt.Errorf("option Facts.Nesting is %d, none of the constants", o.Facts.Nesting)
	}
	return nil
}

func orDefault[T int | int64](value, otherwise T) T {
	if value == 0 {
		return otherwise
	}
	return value
}
