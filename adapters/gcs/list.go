package gcs

import (
	"context"
	"errors"
	"iter"
	"strings"
	"unicode/utf8"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/smarterbase/smarterbase/ports"
)

// pageSize is the most that one request of a listing answers.
const pageSize = 1000

// List asks for pages of up to 1,000 objects, one at a time, as the loop gets
// to them.
func (s *bucket) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	return func(yield func(ports.ObjectInfo, error) bool) {
		err := ports.ContextDone(ctx, opList, opts.Prefix)
		if err == nil {
			err = s.begin(opList, opts.Prefix)
		}
		if err != nil {
			yield(ports.ObjectInfo{}, err)
			return
		}
		defer s.gate.Leave()
		a := &attempt{bucket: s.name, op: opList, key: opts.Prefix}
		a.start(ctx)
		defer a.stop()
		if err := s.walk(a, opts, yield); err != nil {
			yield(ports.ObjectInfo{}, err)
		}
	}
}

// walk yields until the loop ends, and answers the failure that ended it.
func (s *bucket) walk(a *attempt, opts ports.ListOptions, yield func(ports.ObjectInfo, error) bool) error {
	if opts.EndBefore != "" && opts.EndBefore <= opts.StartAfter {
		return nil // what a server makes of such a range is nowhere said
	}
	query, err := queryOf(opts)
	if err != nil {
		return a.fail(err)
	}
	it := s.handle.Objects(a.ctx, query)
	it.PageInfo().MaxSize = pageSize
	if opts.Limit > 0 && opts.Limit < pageSize {
		it.PageInfo().MaxSize = opts.Limit + 1 // StartAfter itself may be in it
	}
	for count := 0; opts.Limit <= 0 || count < opts.Limit; {
		attrs, err := it.Next()
		switch {
		case errors.Is(err, iterator.Done):
			return nil
		case err != nil:
			return a.fail(err)
		case opts.EndBefore != "" && attrs.Name >= opts.EndBefore:
			return nil
		case !strings.HasPrefix(attrs.Name, opts.Prefix):
			if attrs.Name > opts.Prefix {
				return nil
			}
			continue
		case opts.StartAfter != "" && attrs.Name <= opts.StartAfter:
			continue
		}
		count++
		info := ports.ObjectInfo{Key: attrs.Name}
		if !opts.KeysOnly {
			info = infoOf(attrs)
		}
		if !yield(info, nil) {
			return nil
		}
	}
	return nil
}

// queryOf asks for no less than opts selects. The server takes valid UTF-8
// only, and counts the start in; walk leaves out what is too much.
func queryOf(opts ports.ListOptions) (*storage.Query, error) {
	query := &storage.Query{
		Prefix:      validHead(opts.Prefix),
		StartOffset: validHead(opts.StartAfter),
		Projection:  storage.ProjectionNoACL,
	}
	if utf8.ValidString(opts.EndBefore) {
		query.EndOffset = opts.EndBefore
	}
	fields := []string{"Name", "Generation", "Size", "Updated"}
	if opts.KeysOnly {
		fields = fields[:1]
	}
	return query, query.SetAttrSelection(fields)
}

// validHead cuts a string before its first byte that is not UTF-8. What sorts
// after the string sorts after its head.
func validHead(s string) string {
	for i, r := range s {
		if r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
				return s[:i]
			}
		}
	}
	return s
}
