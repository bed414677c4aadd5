package s3

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/prefix"
)

// Open makes a client for a bucket that exists and, unless SkipProbe says
// otherwise, finds out with about forty requests on scratch keys what the
// server honours. It refuses a server that does not keep conditional writes,
// with the reason and ports.ErrUnsupported, a bucket that is not there with
// ports.ErrUnavailable, and an option that makes no sense with
// ports.ErrInvalidKey and the option's name.
func Open(ctx context.Context, c Config) (*Store, error) {
	if err := c.check(); err != nil {
		return nil, ports.Fail("open", c.Bucket, ports.ErrInvalidKey, err)
	}
	opts := c.options()
	if err := opts.applyDefaults(); err != nil {
		return nil, ports.Fail("open", c.Bucket, ports.ErrInvalidKey, err)
	}
	loaded, err := config.LoadDefaultConfig(ctx, c.load)
	if err != nil {
		return nil, ports.Fail("open", c.Bucket, ports.ErrUnavailable, plain(err))
	}
	release := func() {}
	sender := c.HTTPClient
	if sender == nil {
		transport := newTransport()
		release = transport.CloseIdleConnections
		sender = &http.Client{Transport: transport}
	}
	client := awss3.NewFromConfig(loaded, func(o *awss3.Options) {
		o.HTTPClient = sender
		c.tune(o)
	})
	if client.Options().Region == "" {
		return nil, ports.Fail("open", c.Bucket, ports.ErrInvalidKey, errors.New("option Region is empty, and the environment names none"))
	}
	return start(ctx, client, opts, release)
}

// New is Open on a client of the caller's, which stays the caller's: Close of
// the store leaves it alone. The client's own retries are switched off for the
// requests of the store.
func New(ctx context.Context, client *awss3.Client, opts Options) (*Store, error) {
	if client == nil {
		return nil, ports.Fail("open", opts.Bucket, ports.ErrInvalidKey, errors.New("the client is nil"))
	}
	if err := opts.applyDefaults(); err != nil {
		return nil, ports.Fail("open", opts.Bucket, ports.ErrInvalidKey, err)
	}
	return start(ctx, client, opts, func() {})
}

// start makes the store and lets it find out about its server.
func start(ctx context.Context, client *awss3.Client, opts Options, release func()) (*Store, error) {
	if opts.Checksum == ChecksumAuto {
		opts.Checksum = ChecksumNone
		if client.Options().RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported {
			opts.Checksum = ChecksumCRC
		}
	}
	b := newBucket(client, opts, release)
	view, err := prefix.Store(b, opts.Prefix)
	if err == nil && opts.SkipProbe {
		if b.facts = opts.Facts; b.facts == (Facts{}) && client.Options().BaseEndpoint == nil {
			b.facts = AmazonFacts
		}
	} else if err == nil {
		b.facts, err = probe(ctx, b, opts.Prefix)
	}
	if err != nil {
		_ = b.Close()
		return nil, err
	}
	s := &Store{ObjectStore: view, Closer: b, Pinger: b, bucket: b}
	s.Streamer, _ = ports.As[ports.Streamer](view)
	s.BatchDeleter, _ = ports.As[ports.BatchDeleter](view)
	return s, nil
}

// load tells the SDK what the configuration says.
func (c Config) load(o *config.LoadOptions) error {
	o.Region = c.Region
	if c.AccessKey != "" {
		o.Credentials = credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, c.SessionToken)
	}
	return nil
}

// tune makes the client right for the server: what works with Amazon S3 alone
// is used there alone.
func (c Config) tune(o *awss3.Options) {
	once(o)
	if c.Endpoint != "" {
		o.BaseEndpoint = &c.Endpoint
	}
	other := o.BaseEndpoint != nil
	o.UsePathStyle = c.PathStyle == PathAlways || (c.PathStyle == PathAuto && other)
	if o.Region == "" && other {
		o.Region = "us-east-1"
	}
	if c.Checksum == ChecksumAuto && !other {
		c.Checksum = ChecksumCRC
	}
	c.Checksum.apply(o)
}

// newTransport keeps enough connections for the parallel reads of a scan. It
// waits long for an answer, because a write without one has an unknown outcome;
// contexts end what must end earlier.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   10 * time.Second,
		MaxIdleConns:          256,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       60 * time.Second,
		ExpectContinueTimeout: time.Second, // a refused condition comes before a large body is sent
		ResponseHeaderTimeout: 60 * time.Second,
		DisableCompression:    true,
		WriteBufferSize:       16 << 10,
		ReadBufferSize:        16 << 10,
	}
}

// stay leaves redirects to the SDK, which makes an error of them: a store is in
// one place, and net/http makes a GET of a write that is redirected, whose
// answer looks like that of the write.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
