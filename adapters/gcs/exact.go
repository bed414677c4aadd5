package gcs

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
)

// exact makes downloads give the bytes that are stored, whatever the
// "Content-Encoding" that another program stored them with. Without it both
// the server and net/http would decompress an object marked as gzip; its size
// and ranges would then be those of something else.
type exact struct{ base http.RoundTripper }

const (
	encodingHeader = "Content-Encoding"
	storedHeader   = "X-Goog-Stored-Content-Encoding"
	lengthHeader   = "X-Goog-Stored-Content-Length"
)

// RoundTrip passes requests on. Only downloads are changed.
func (e exact) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || req.URL.Query().Get("alt") != "media" {
		return e.base.RoundTrip(req)
	}
	req = req.Clone(req.Context())
	req.Header.Set("Accept-Encoding", "gzip") // set by hand: net/http then leaves the answer alone
	res, err := e.base.RoundTrip(req)
	if err != nil || res.StatusCode >= http.StatusMultipleChoices {
		return res, err
	}
	sent, stored := res.Header.Get(encodingHeader), res.Header.Get(storedHeader)
	switch {
	case sent == stored || stored == "" || (sent == "" && stored == "identity"):
	case sent == "gzip" && stored == "identity": // compressed for the journey only
		unpack(res)
	default: // the server unpacked it: the client sees that by these headers
		return res, nil
	}
	// The client skips bytes of what it takes for unpacked when it resumes.
	res.Header.Del(encodingHeader)
	res.Header.Del(storedHeader)
	return res, nil
}

// unpack undoes the compression of the journey.
func unpack(res *http.Response) {
	res.Body = &unpacked{packed: res.Body}
	res.Header.Del("Content-Length")
	res.ContentLength = plainLength(res)
}

// plainLength is that of the unpacked body; -1 if the server doesn't tell.
func plainLength(res *http.Response) int64 {
	var from, to, size int64
	if res.StatusCode == http.StatusPartialContent {
		if _, err := fmt.Sscanf(res.Header.Get("Content-Range"), "bytes %d-%d/%d", &from, &to, &size); err == nil {
			return to - from + 1
		}
		return -1
	}
	size, err := strconv.ParseInt(res.Header.Get(lengthHeader), 10, 64)
	if err != nil {
		return -1
	}
	return size
}

type unpacked struct {
	packed io.ReadCloser
	plain  *gzip.Reader
}

func (u *unpacked) Read(p []byte) (n int, err error) {
	if u.plain == nil {
		if u.plain, err = gzip.NewReader(u.packed); err != nil {
			return 0, cutShort(err)
		}
	}
	return u.plain.Read(p)
}

// cutShort keeps an answer that ended before its first byte from passing for
// an empty one.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (u *unpacked) Close() error { return u.packed.Close() }
