package main

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/smarterbase/smarterbase/conformance/services"
)

// The same program runs on S3 and Redis, by its URL alone. The first start
// takes more than a minute: on a network the indexes of a new collection
// are not believed before every write is there that could have passed them by.
func TestTheURLAloneMovesItToS3AndRedis(t *testing.T) {
	server, index := services.S3(t), services.Redis(t)
	t.Setenv("AWS_ACCESS_KEY_ID", server.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", server.SecretKey)
	at := fmt.Sprintf("s3://%s/quakes?%s", server.NewBucket(t), url.Values{
		"endpoint": {server.Endpoint}, "region": {server.Region}, "index": {index.URL},
	}.Encode())
	want, binary := expect(t), build(t)
	first := start(t, binary, t.TempDir(), "-url", at)
	requireLine(t, first, `^Opened s3://.*: 0 events`)
	requireLine(t, first, fmt.Sprintf(`^Loaded %s events in .* \(0 were there\)`, number(want.events)))
	requireLine(t, first, `^The indexes .* are ready`)
	want.check(t, first)
	second := start(t, binary, t.TempDir(), "-url", at)
	requireLine(t, second, fmt.Sprintf(`^Opened s3://.*: %s events and their indexes are there, 0 documents of events were read\.$`, regexp.QuoteMeta(number(want.events))))
	want.felt += 2
	want.check(t, second)
	if strings.Contains(first+second, server.SecretKey) {
		t.Error("a secret is printed")
	}
}
