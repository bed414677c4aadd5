package simple

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/smarterbase/smarterbase/adapters/bolt"
	files "github.com/smarterbase/smarterbase/adapters/fs"
	_ "github.com/smarterbase/smarterbase/adapters/memory" // registers mem://
	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/urls"
)

const (
	indexParameter = "index"
	noIndex        = "none"
	indexFile      = "index.bolt" // in the adapter's own folder, which no key can reach
)

// target is what a URL of this package names: a store, and the index beside
// it, which is a URL, or a file, or none.
type target struct {
	store string
	index string
	file  string
}

// parse takes the parameter index out of a URL and chooses the index that
// goes with the store where there is no such parameter.
func parse(ctx context.Context, rawURL string) (target, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Scheme == "" {
		// The registry refuses it, too, and knows how to do so without a secret.
		_, err = urls.OpenStore(ctx, rawURL)
		return target{}, err
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		_, err = urls.Options(u)
		return target{}, err
	}
	chosen, given := values[indexParameter]
	if given && (len(chosen) > 1 || chosen[0] == "") {
		return target{}, ports.Fail("open", urls.Redact(u), ports.ErrInvalidKey,
			errors.New("the parameter index must be given once, and be a URL or none"))
	}
	t := target{store: rawURL}
	if given {
		t.store = withoutIndex(rawURL, u, values)
	}
	switch {
	case given && chosen[0] == noIndex:
	case given:
		t.index = chosen[0]
	case u.Scheme == "file":
		t.file = filepath.Join(filepath.FromSlash(u.Host+u.Path), files.MetadataDir, indexFile)
	case u.Scheme == "mem":
		t.index = "mem://" + u.Host // a shared store has a shared index
	}
	return t, nil
}

// withoutIndex writes the URL without the parameter that no adapter knows.
// URL.String would make "mem:" of "mem://".
func withoutIndex(rawURL string, u *url.URL, values url.Values) string {
	text := rawURL[:strings.IndexByte(rawURL, '?')]
	values.Del(indexParameter)
	if len(values) > 0 {
		text += "?" + values.Encode()
	}
	if u.Fragment != "" {
		text += "#" + u.EscapedFragment()
	}
	return text
}

// openIndex opens the index; nil if there is none. The folder of an index
// file is made by the store, which has to be open before.
func (t target) openIndex(ctx context.Context) (ports.Index, error) {
	switch {
	case t.file != "":
		x, err := bolt.Open(ctx, t.file, bolt.Options{})
		if err != nil {
			return nil, advise(err) // not x, which would be an Index that is not nil
		}
		return x, nil
	case t.index != "":
		x, err := urls.OpenIndex(ctx, t.index)
		if err != nil && strings.HasPrefix(t.index, "bolt:") {
			err = advise(err)
		}
		if err != nil {
			return nil, err
		}
		return x, nil
	default:
		return nil, nil
	}
}

// advise says what to do where an index file is held by somebody else: the
// one failure that every user of the embedded index meets some day. Failures
// of the system, such as a full disk, carry a number and explain themselves.
func advise(err error) error {
	var path *fs.PathError
	var number syscall.Errno
	var outcome *ports.Error
	held := errors.Is(err, ports.ErrUnavailable) && errors.As(err, &outcome) &&
		!errors.As(err, &path) && !errors.As(err, &number)
	if !held {
		return err
	}
	return fmt.Errorf("the index file %s serves one process at a time and is in use; close the other one, "+
		"use an index that processes share (?index=redis://host:6379), or open with ?index=none, "+
		"which reads all documents for a query and can't write to collections that have indexes: %w", outcome.Key, err)
}

// shown describes the index for a log.
func (t target) shown() string {
	switch {
	case t.file != "":
		return "embedded: " + t.file
	case t.index != "":
		return redact(t.index)
	default:
		return noIndex
	}
}

// redact writes a URL without its secrets.
func redact(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		scheme, _, _ := strings.Cut(rawURL, ":")
		return scheme + "://…"
	}
	return urls.Redact(u)
}

// FileURL returns the URL of a folder, for Open: "file://./data" for data or
// ./data, "file:///srv/data" for /srv/data. Any path can be given, also one
// with characters that mean something in URLs.
func FileURL(folder string) string {
	path := filepath.ToSlash(filepath.Clean(folder))
	u := url.URL{Scheme: "file", Path: path}
	if !strings.HasPrefix(path, "/") {
		first, rest, _ := strings.Cut(path, "/")
		if first != "." && first != ".." {
			first, rest = ".", path
		}
		u.Host, u.Path = first, "/"+rest
	}
	return u.String()
}
