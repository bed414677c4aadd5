package minio

import (
	"bufio"
	"bytes"
	"encoding/xml"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	sdk "github.com/minio/minio-go/v7"
)

// newTransport is that of the SDK with room for many parallel requests to one
// server. It speaks HTTP/1.1: one connection a request is faster for objects,
// and the loss of one fails one request only.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		MaxIdleConns:          512,
		MaxIdleConnsPerHost:   256,
		IdleConnTimeout:       20 * time.Second, // servers close idle ones after 30 s or more
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: time.Minute,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true, // or bodies would differ from what was put
	}
}

// settling carries the requests of a client that does not retry, and ends its
// failures at once: after the last attempt, too, the SDK waits up to 200 ms as
// if there were another one.
type settling struct{ next http.RoundTripper }

// RoundTrip turns a failure after which the SDK would wait into *settled.
func (t settling) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		return nil, &settled{err}
	}
	if !transient(resp.StatusCode) && isAsked(req, resp) {
		return resp, nil
	}
	defer resp.Body.Close() //nolint:errcheck // what could be read was
	return nil, &settled{answerOf(resp)}
}

// isAsked is false for an answer to a list that is no list: the SDK would take
// the document of an error, or of a proxy, for an empty one.
func isAsked(req *http.Request, resp *http.Response) bool {
	if resp.StatusCode != http.StatusOK || !strings.Contains(req.URL.RawQuery, "list-type=") {
		return true
	}
	const limit = 4 << 10
	start := bufio.NewReaderSize(resp.Body, limit)
	resp.Body = buffered{start, resp.Body}
	text, err := start.Peek(limit)
	if err != nil && err != io.EOF {
		return true // and the SDK meets it again
	}
	document := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))) // which some send
	for {
		token, err := document.RawToken()
		if err != nil {
			return false
		}
		if root, ok := token.(xml.StartElement); ok {
			return root.Name.Local == "ListBucketResult"
		}
	}
}

// buffered is a body of which a part was read.
type buffered struct {
	io.Reader
	io.Closer
}

// transient says whether the SDK would retry after that status.
func transient(status int) bool {
	return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == clientClosed
}

const clientClosed = 499 // nginx and MinIO: the client went away before the answer

// settled is a failure that the SDK takes for final, because of its text. If
// a later SDK does not know this text, it waits again; nothing else changes.
type settled struct{ cause error }

func (*settled) Error() string { return "http: server gave HTTP response to HTTPS client" }

// answerOf reads an answer that says why a request failed.
func answerOf(resp *http.Response) sdk.ErrorResponse {
	const limit = 64 << 10
	answer := sdk.ErrorResponse{}
	if body, err := io.ReadAll(io.LimitReader(resp.Body, limit)); err == nil {
		_ = xml.Unmarshal(body, &answer) // a proxy's answer is not XML; the status says enough
	}
	if code := resp.Header.Get("x-minio-error-code"); code != "" {
		answer.Code = code
	}
	if text := resp.Header.Get("x-minio-error-desc"); text != "" {
		answer.Message = strings.Trim(text, `"`)
	}
	answer.StatusCode, answer.Server = resp.StatusCode, resp.Header.Get("Server")
	if answer.Message == "" {
		answer.Message = resp.Status
	}
	return answer
}
