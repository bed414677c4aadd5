package s3

import (
	"context"
	"errors"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/smarterbase/smarterbase/ports"
)

// maxPage is how many keys the protocol answers at once.
const maxPage = 1000

var (
	errOrder = errors.New("the server does not list in the byte order of keys")
	errStuck = errors.New("the server says that there is more and does not say where")
)

// List implements ports.ObjectStore with one request for each thousand keys.
// Objects with keys that ports.ValidateKey refuses, such as the folder marks of
// some programs, are passed over.
func (b *bucket) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		if err := b.enter(ctx, "list", opts.Prefix); err != nil {
			yield(ports.ObjectInfo{}, err)
			return
		}
		defer b.gate.Leave()
		if !canHoldKeys(opts.Prefix) {
			return
		}
		w := walk{bucket: b, opts: opts, yield: yield}
		if err := w.run(ctx); err != nil {
			yield(ports.ObjectInfo{}, err)
		}
	}
}

// walk is one listing.
type walk struct {
	bucket *bucket
	opts   ports.ListOptions
	yield  func(ports.ObjectInfo, error) bool
	exact  bool // the server is asked for nothing but what opts selects
	given  int
	last   string // the key that the server listed last
	passed string // keys up to this one were listed before
	over   bool
}

// run asks for all that opts selects. It answers nil when the caller has had
// enough, too.
func (w *walk) run(ctx context.Context) error {
	prefix, after := sendablePrefix(w.opts.Prefix), sendableAfter(w.opts.StartAfter)
	if after < prefix {
		after = "" // it is before all of them
	}
	w.exact = prefix == w.opts.Prefix && (after == w.opts.StartAfter || w.opts.StartAfter <= prefix)
	if w.bucket.losesPlace() && strings.HasPrefix(after, prefix) {
		return w.resume(ctx, prefix, after)
	}
	return w.pages(ctx, prefix, after)
}

// pages asks for page after page of the keys that begin with prefix and are
// greater than after.
func (w *walk) pages(ctx context.Context, prefix, after string) error {
	w.passed, w.last = w.done(), ""
	req := request{prefix: prefix, after: after}
	var p page
	for from := ""; ; from = w.done() {
		req.limit = w.wanted()
		if err := w.bucket.settledPage(ctx, &p, req); err != nil {
			return rename(err, "list", w.opts.Prefix)
		}
		for i := range p.infos {
			if err := w.take(p.infos[i]); err != nil || w.over {
				return err
			}
		}
		switch {
		case !p.truncated && from != "" && folderOf(from) != folderOf(prefix) && w.bucket.losesPlace():
			return w.resume(ctx, prefix, w.done())
		case !p.truncated:
			return nil
		case p.token != "":
			req.token = p.token
		case len(p.infos) > 0:
			req.after = w.last
		default:
			return ports.Fail("list", w.opts.Prefix, ports.ErrUnavailable, errStuck)
		}
	}
}

// wanted is how many keys the next page should have.
func (w *walk) wanted() int {
	if w.opts.Limit > 0 && w.exact {
		return min(maxPage, w.opts.Limit-w.given)
	}
	return maxPage
}

// done is the greatest key that was listed.
func (w *walk) done() string { return max(w.passed, w.last) }

// take yields what was asked for.
func (w *walk) take(info ports.ObjectInfo) error {
	key := info.Key
	if key <= w.last {
		return ports.Fail("list", w.opts.Prefix, ports.ErrUnsupported, errOrder)
	}
	w.last = key
	switch {
	case key <= w.passed:
		return nil
	case w.opts.EndBefore != "" && key >= w.opts.EndBefore:
		w.over = true
		return nil
	case !strings.HasPrefix(key, w.opts.Prefix):
		w.over = key > w.opts.Prefix // and so are all that follow
		return nil
	case key <= w.opts.StartAfter || !validKey(key) || w.bucket.reserved(key):
		return nil
	}
	w.given++
	w.over = !w.yield(info, nil) || w.given == w.opts.Limit
	return nil
}

// sendable returns the longest part of a bound that can be sent: valid UTF-8
// without control characters. What the bound cuts more sharply is cut here.
func sendable(bound string) string {
	for i, r := range bound {
		if r < ' ' || (r >= 0x7f && r <= 0x9f) {
			return bound[:i]
		}
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(bound[i:]); size == 1 {
				return bound[:i]
			}
		}
	}
	return bound
}

// sendableAfter is sendable up to a segment that no valid key has: there is
// nothing to be skipped behind it, and some servers refuse it.
func sendableAfter(after string) string {
	after = sendable(after[:min(len(after), ports.MaxKeyBytes)])
	for at := 0; ; {
		segment, _, more := strings.Cut(after[at:], "/")
		if ports.ValidateKey(segment) != nil {
			return after[:at]
		}
		if !more {
			return after
		}
		at += len(segment) + 1
	}
}

// sendablePrefix is sendable without a last segment "." or "..", with which a
// key may begin, and which some servers refuse.
func sendablePrefix(prefix string) string {
	prefix = sendable(prefix)
	at := strings.LastIndexByte(prefix, '/') + 1
	if rest := prefix[at:]; rest == "." || rest == ".." {
		return prefix[:at]
	}
	return prefix
}

// canHoldKeys is false where no valid key begins with prefix. Some servers
// refuse such a prefix, and some make another one of it.
func canHoldKeys(prefix string) bool {
	if len(prefix) > ports.MaxKeyBytes {
		return false
	}
	if rest := prefix[len(sendable(prefix)):]; len(rest) > 0 {
		if utf8.FullRuneInString(rest) {
			return false // a control character, or bytes that begin no rune
		}
		prefix = prefix[:len(prefix)-len(rest)]
	}
	for segment, rest, more := strings.Cut(prefix, "/"); more; segment, rest, more = strings.Cut(rest, "/") {
		if ports.ValidateKey(segment) != nil {
			return false
		}
	}
	return true
}

// validKey is ports.ValidateKey, faster for common keys.
func validKey(key string) bool {
	if len(key) == 0 || len(key) > ports.MaxSegmentBytes {
		return ports.ValidateKey(key) == nil
	}
	before := byte('/')
	for i := range len(key) {
		c := key[i]
		if c <= ' ' || c >= 0x7f || (before == '/' && (c == '/' || c == '.')) {
			return ports.ValidateKey(key) == nil
		}
		before = c
	}
	return before != '/'
}
