package s3

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

func TestOptionsAreRefusedByName(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Config){
		"Bucket":        func(c *Config) { c.Bucket = "" },
		"Bucket is":     func(c *Config) { c.Bucket = "a/b" },
		"prefix":        func(c *Config) { c.Prefix = "a/" },
		"AccessKey":     func(c *Config) { c.SecretKey = "" },
		"SessionToken":  func(c *Config) { c.AccessKey, c.SecretKey, c.SessionToken = "", "", "t" },
		"Endpoint":      func(c *Config) { c.Endpoint = "127.0.0.1:9000" },
		"Endpoint has":  func(c *Config) { c.Endpoint = "http://u:hunter2@127.0.0.1:9000" },
		"PathStyle":     func(c *Config) { c.PathStyle = 3 },
		"Checksum":      func(c *Config) { c.Checksum = 9 },
		"PartSize":      func(c *Config) { c.PartSize = 1 },
		"Parallel":      func(c *Config) { c.Parallel = -1 },
		"MaxObjectSize": func(c *Config) { c.MaxObjectSize = 6 << 30 },
		"Facts is":      func(c *Config) { c.SkipProbe = false },
		"Facts.Nesting": func(c *Config) { c.Facts.Nesting = 7 },
	} {
		c := (&fake{url: "http://127.0.0.1:1"}).config()
		change(&c)
		_, err := Open(t.Context(), c)
		wantOutcome(t, err, ports.ErrInvalidKey, name)
		if err != nil && (!strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := New(t.Context(), nil, Options{Bucket: "b"})
	wantOutcome(t, err, ports.ErrInvalidKey, "no client")
}

func TestURLs(t *testing.T) {
	for raw, want := range map[string]Config{
		"s3://b":                         {Bucket: "b"},
		"s3://b/":                        {Bucket: "b"},
		"s3://b/tenants/7?region=eu-x-1": {Bucket: "b", Prefix: "tenants/7", Region: "eu-x-1"},
		"s3://b?endpoint=http://h:9000&path_style=false&checksum=md5": {
			Bucket: "b", Endpoint: "http://h:9000", PathStyle: PathNever, Checksum: ChecksumMD5,
		},
		"s3://b?probe=false&path_style=true&checksum=crc": {Bucket: "b", SkipProbe: true, PathStyle: PathAlways, Checksum: ChecksumCRC},
		"s3://b?probe=true&path_style=auto&checksum=none": {Bucket: "b", Checksum: ChecksumNone},
	} {
		u, err := url.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := configure(u); err != nil || got != want {
			t.Errorf("%s: %+v, %v", raw, got, err)
		}
	}
	t.Setenv("AWS_REGION", "eu-central-1")
	for raw, want := range map[string]string{
		"s3://key:hunter2@b":     "credentials come from the environment",
		"s3:b":                   "a URL is s3://bucket/prefix",
		"s3:///b":                "a URL is s3://bucket/prefix",
		"s3://b:9000":            "a URL is s3://bucket/prefix",
		"s3://b//x":              "the prefix can't be used",
		"s3://b?secret=hunter2":  `unknown parameter "secret"`,
		"s3://b?probe=maybe":     "probe is",
		"s3://b?checksum=x":      "checksum is",
		"s3://b?path_style=x":    "path_style is",
		"s3://b?endpoint=h:9000": "option Endpoint",
	} {
		_, err := urls.OpenStore(t.Context(), raw)
		wantOutcome(t, err, ports.ErrInvalidKey, raw)
		if err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2")) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
}

// What works with Amazon S3 alone is used there alone.
func TestClientFitsItsServer(t *testing.T) {
	t.Setenv("AWS_ENDPOINT_URL", "")
	t.Setenv("AWS_REGION", "eu-central-1")
	for name, tt := range map[string]struct {
		config Config
		path   bool
		crc    bool
	}{
		"Amazon":            {Config{}, false, true},
		"Amazon, by path":   {Config{PathStyle: PathAlways, Checksum: ChecksumNone}, true, false},
		"another":           {Config{Endpoint: "http://h"}, true, false},
		"another, by host":  {Config{Endpoint: "http://h", PathStyle: PathNever, Checksum: ChecksumCRC}, false, true},
		"another, with MD5": {Config{Endpoint: "http://h", Checksum: ChecksumMD5}, true, false},
	} {
		tt.config.Bucket, tt.config.SkipProbe, tt.config.AccessKey, tt.config.SecretKey = "b", true, "k", "s"
		s := open(t, tt.config)
		o := s.bucket.client.Options()
		if o.UsePathStyle != tt.path || (o.RequestChecksumCalculation == aws.RequestChecksumCalculationWhenSupported) != tt.crc {
			t.Errorf("%s: path style %v, checksums %v", name, o.UsePathStyle, o.RequestChecksumCalculation)
		}
		if got := s.Facts(); (got == AmazonFacts) != (tt.config.Endpoint == "") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	t.Setenv("AWS_REGION", "")
	t.Setenv("AWS_CONFIG_FILE", "/nowhere")
	_, err := Open(t.Context(), Config{Bucket: "b", AccessKey: "k", SecretKey: "s"})
	wantOutcome(t, err, ports.ErrInvalidKey, "no region")
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	if s := open(t, Config{Bucket: "b", AccessKey: "k", SecretKey: "s", SkipProbe: true}); !s.bucket.client.Options().UsePathStyle || s.Facts() != (Facts{}) {
		t.Error("the endpoint of the environment is taken for Amazon")
	}
}

func TestChecksumsOnTheWire(t *testing.T) {
	t.Parallel()
	for checksum, want := range map[Checksum]string{
		ChecksumAuto: "", ChecksumNone: "", ChecksumCRC: "X-Amz-Checksum-Crc32", ChecksumMD5: "Content-Md5",
	} {
		var got []string
		f := newFake(t, func(f *fake) {
			f.intercept = func(_ http.ResponseWriter, r *http.Request, _ []byte) bool {
				for _, name := range []string{"X-Amz-Checksum-Crc32", "Content-Md5"} {
					if r.Header.Get(name) != "" {
						got = append(got, r.Method+" "+name)
					}
				}
				return false
			}
		})
		c := f.config()
		c.Checksum = checksum
		s := open(t, c)
		if _, err := s.Put(t.Context(), anyKey, []byte("{}"), ports.Any); err != nil {
			t.Error(err)
		}
		if (len(got) == 1) != (want != "") || (want != "" && got[0] != "PUT "+want) {
			t.Errorf("checksum %d: a put sends %q, want %q", checksum, got, want)
		}
		got = nil
		if _, err := s.DeleteBatch(t.Context(), []string{anyKey}); err != nil || len(got) != 1 {
			t.Errorf("checksum %d: a delete batch sends %q, %v", checksum, got, err)
		}
		if checksum == ChecksumMD5 && got[0] != "POST Content-Md5" {
			t.Errorf("a delete batch sends %q", got)
		}
	}
}
