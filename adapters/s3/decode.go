package s3

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/smarterbase/smarterbase/ports"
)

// errIsError: the document is an error, though the status was 200.
var errIsError = errors.New("the answer is an error")

// decode fills the page from the text of a ListBucketResult. The scanner reads
// what servers send; a document that it finds unusual in any way is read by
// encoding/xml instead, and what that can't read is an error.
func (p *page) decode(text []byte) error {
	s := scanner{text: text}
	if err := s.result(p); err == nil {
		return nil
	}
	return p.decodeSlowly(text)
}

// listResult is the document for encoding/xml.
type listResult struct {
	XMLName               xml.Name
	IsTruncated           *bool
	NextContinuationToken string
	EncodingType          string
	Contents              []struct {
		Key          *string
		ETag         string
		Size         *int64
		LastModified string
	}
}

func (p *page) decodeSlowly(text []byte) error {
	var result listResult
	decoder := xml.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&result); err != nil {
		return fmt.Errorf("decode the list: %w", err)
	}
	switch result.XMLName.Local {
	case "ListBucketResult":
	case "Error":
		return errIsError
	default:
		return fmt.Errorf("decode the list: the document is a %q", result.XMLName.Local)
	}
	if result.IsTruncated == nil {
		return errors.New("decode the list: it does not say whether there is more")
	}
	p.infos, p.truncated, p.token = p.infos[:0], *result.IsTruncated, result.NextContinuationToken
	for _, c := range result.Contents {
		if c.Key == nil || c.Size == nil {
			return errors.New("decode the list: an entry has no key or no size")
		}
		info, err := entry(*c.Key, c.ETag, c.LastModified, *c.Size, result.EncodingType == "url")
		if err != nil {
			return err
		}
		p.infos = append(p.infos, info)
	}
	return nil
}

// entry makes the information on one object of what its elements say.
func entry(key, etag, modified string, size int64, encoded bool) (ports.ObjectInfo, error) {
	if encoded && strings.ContainsAny(key, "%+") {
		var err error
		if key, err = url.QueryUnescape(key); err != nil {
			return ports.ObjectInfo{}, fmt.Errorf("decode the list: key: %w", err)
		}
	}
	info := ports.ObjectInfo{Key: key, Version: versionOf(etag), Size: size}
	if key == "" || info.Version == "" || size < 0 {
		return ports.ObjectInfo{}, fmt.Errorf("decode the list: the entry of %q has no key, no ETag or no size", key)
	}
	if modified != "" {
		at, err := time.Parse(time.RFC3339, modified)
		if err != nil {
			return ports.ObjectInfo{}, fmt.Errorf("decode the list: %w", err)
		}
		info.ModTime = at
	}
	return info, nil
}

func bodyOf(text []byte) io.ReadCloser { return io.NopCloser(bytes.NewReader(text)) }
