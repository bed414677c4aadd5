package minio

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/s3utils"

	"github.com/smarterbase/smarterbase/ports"
)

// Config says what Open opens. Endpoint, Bucket and either AccessKey with
// SecretKey or Credentials are required.
type Config struct {
	// Endpoint is the address of the server, "host:port" or "host", without a
	// scheme: Secure says which one it is.
	Endpoint string

	// Bucket is the name of a bucket that exists.
	Bucket string

	// Prefix confines the store to the keys below "Prefix/". Empty: the whole
	// bucket. It is a key: no slash at its ends.
	Prefix string

	// Region is what requests are signed for. Empty: us-east-1, which is right
	// for a server that was given none.
	Region string

	// AccessKey, SecretKey and, for temporary ones, SessionToken sign the
	// requests.
	AccessKey, SecretKey, SessionToken string

	// Credentials sign the requests in place of the keys above, such as those
	// of credentials.NewIAM or credentials.NewSTSAssumeRole.
	Credentials *credentials.Credentials

	// Secure speaks https.
	Secure bool

	// Transport carries the requests. Nil: one for this store alone, with the
	// system's root certificates, which Close closes. It must not retry.
	Transport http.RoundTripper

	// PartSize is how much of a stream one request of an upload carries, 5 MiB to
	// 1 GiB. A PutStream takes up to four times as much memory, and an object
	// made by one has at most 10,000 parts. 0: 8 MiB, which allows 78 GiB.
	PartSize int64

	// SkipProbe leaves out the check that the server honours conditions. It
	// saves 22 requests at open, and is needed with credentials that may only
	// read.
	SkipProbe bool
}

// Options refines New. Bucket is required; the fields mean what they mean in
// Config.
type Options struct {
	Bucket    string
	Prefix    string
	PartSize  int64
	SkipProbe bool
}

const (
	defaultRegion   = "us-east-1"
	defaultPartSize = 8 << 20
	minPartSize     = 5 << 20 // by the protocol, for all parts but the last
	maxPartSize     = 1 << 30
)

func (c Config) options() Options {
	return Options{Bucket: c.Bucket, Prefix: c.Prefix, PartSize: c.PartSize, SkipProbe: c.SkipProbe}
}

// applyDefaults checks the options and fills what is zero.
func (o *Options) applyDefaults() error {
	if err := s3utils.CheckValidBucketName(o.Bucket); err != nil {
		return fmt.Errorf("option Bucket is %q, not the name of a bucket: %w", o.Bucket, err)
	}
	if o.PartSize == 0 {
		o.PartSize = defaultPartSize
	}
	if o.PartSize < minPartSize || o.PartSize > maxPartSize {
		return fmt.Errorf("option PartSize is %d, not within %d to %d", o.PartSize, minPartSize, maxPartSize)
	}
	return nil
}

// signer checks what the requests are signed with.
func (c Config) signer() (*credentials.Credentials, error) {
	keys := c.AccessKey != "" || c.SecretKey != "" || c.SessionToken != ""
	switch {
	case c.Credentials != nil && keys:
		return nil, errors.New("option Credentials is given together with AccessKey, SecretKey or SessionToken")
	case c.Credentials != nil:
		return c.Credentials, nil
	case c.AccessKey == "":
		return nil, errors.New("option AccessKey is empty")
	case c.SecretKey == "":
		return nil, errors.New("option SecretKey is empty")
	}
	return credentials.NewStaticV4(c.AccessKey, c.SecretKey, c.SessionToken), nil
}

// address checks the endpoint: the SDK takes some malformed ones for others.
func (c Config) address() (string, error) {
	switch {
	case c.Endpoint == "":
		return "", errors.New("option Endpoint is empty")
	case strings.Contains(c.Endpoint, "://"):
		return "", errors.New("option Endpoint is host:port without a scheme; option Secure asks for https")
	case strings.ContainsAny(c.Endpoint, "/?#@ "):
		return "", errors.New("option Endpoint is not host:port")
	}
	return c.Endpoint, nil
}

// refuse is for options: nothing was asked of any server.
func refuse(bucket string, cause error) error {
	return ports.Fail("open", bucket, ports.ErrInvalidKey, cause)
}
