package s3

import (
	"errors"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
)

var errRedirected = errors.New("the HTTP client followed a redirect with another method")

// attempt is one write on its way to the server. It notes how far it came,
// because that decides what a failure without an answer means.
type attempt struct {
	inner awss3.HTTPClient
	begun atomic.Bool // handed to the HTTP client
	asked atomic.Bool // a connection was asked for
	got   atomic.Bool // and got, so that something may have been sent
}

// Do implements the SDK's HTTPClient around the one that was there.
func (a *attempt) Do(req *http.Request) (*http.Response, error) {
	a.begun.Store(true)
	response, err := a.inner.Do(req.WithContext(httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{
		GetConn: func(string) { a.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.got.Store(true) },
	})))
	if err == nil && redirected(req, response) {
		_ = response.Body.Close()
		return nil, errRedirected
	}
	return response, err
}

func redirected(asked *http.Request, response *http.Response) bool {
	return response.Request != nil && response.Request.Method != asked.Method
}

func (a *attempt) option(o *awss3.Options) { a.inner, o.HTTPClient = o.HTTPClient, a }

// mayBeSent reports whether the server may have seen something of the request.
// A client that tells nothing of its connections may have sent it.
func (a *attempt) mayBeSent() bool {
	return a.begun.Load() && (a.got.Load() || !a.asked.Load())
}

// begin returns an attempt and the options of its request.
func (b *bucket) begin() (*attempt, []func(*awss3.Options)) {
	a := &attempt{}
	return a, append(slices.Clip(b.each), a.option)
}

// once switches off the retries of the SDK: the repeat of a conditional write
// that had succeeded would answer "precondition failed". It also keeps the SDK
// from logging each download that came without a checksum.
func once(o *awss3.Options) {
	o.Retryer = aws.NopRetryer{}
	o.DisableLogOutputChecksumValidationSkipped = true
}

// apply tells the SDK. MD5 is not among the checksums that it knows.
func (c Checksum) apply(o *awss3.Options) {
	o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
	o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	if c == ChecksumCRC {
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenSupported
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}
}
