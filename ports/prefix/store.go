package prefix

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/decorator"
)

// Store returns inner as seen from below prefix: the key "k" is the key
// "prefix/k" of inner, and nothing outside of it can be read, written or
// listed. A prefix is like a key, so "a" and "tenants/7" are prefixes, "/a" and
// "a/" are not and are refused with ports.ErrInvalidKey. The empty prefix is
// inner itself.
//
// The answer has the optional interfaces that inner has, and inner's
// capabilities but for MaxKeyBytes, which the prefix takes its part of. Keys in
// errors are those below the prefix. Close closes inner. It is safe for
// concurrent use.
func Store(inner ports.ObjectStore, prefix string) (ports.ObjectStore, error) {
	if prefix == "" {
		return inner, nil
	}
	if err := ports.ValidateKey(prefix); err != nil {
		return nil, ports.Fail("open", prefix, ports.ErrInvalidKey, fmt.Errorf("the prefix can't be used: %w", err))
	}
	s := &store{inner: inner, prefix: prefix + "/"}
	if s.maxKeyBytes() < 1 {
		return nil, ports.Fail("open", prefix, ports.ErrInvalidKey, errors.New("the prefix leaves no room for keys"))
	}
	parts := decorator.Parts{Store: s}
	if streamer, ok := ports.As[ports.Streamer](inner); ok {
		parts.Streamer = streams{s, streamer}
	}
	if deleter, ok := ports.As[ports.BatchDeleter](inner); ok {
		parts.BatchDeleter = batches{s, deleter}
	}
	parts.Pinger, _ = ports.As[ports.Pinger](inner)
	parts.Closer, _ = ports.As[io.Closer](inner)
	return decorator.Assemble(parts), nil
}

type store struct {
	inner  ports.ObjectStore
	prefix string // with its slash
}

// key returns the key of inner. A key that ports refuses must be refused here:
// below the prefix it could be a valid one.
func (s *store) key(op, key string) (string, error) {
	if err := ports.ValidateKey(key); err != nil {
		return "", ports.Fail(op, key, ports.ErrInvalidKey, err)
	}
	if most := s.maxKeyBytes(); len(key) > most {
		return "", ports.Fail(op, key, ports.ErrInvalidKey,
			fmt.Errorf("the key has %d bytes, more than the %d that fit below the prefix", len(key), most))
	}
	return s.prefix + key, nil
}

func (s *store) maxKeyBytes() int {
	most := s.inner.Capabilities().MaxKeyBytes
	if most == 0 {
		most = ports.MaxKeyBytes
	}
	return most - len(s.prefix)
}

// outer names the key of a failure as the caller does.
func (s *store) outer(err error) error {
	failure, ok := err.(*ports.Error) //nolint:errorlint // only the outermost one names the key of the call
	if !ok {
		return err
	}
	renamed := *failure
	renamed.Key = strings.TrimPrefix(failure.Key, s.prefix)
	return &renamed
}

func (s *store) info(info ports.ObjectInfo) ports.ObjectInfo {
	info.Key = strings.TrimPrefix(info.Key, s.prefix)
	return info
}

func (s *store) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	full, err := s.key("get", key)
	if err != nil {
		return ports.Object{}, err
	}
	object, err := s.inner.Get(ctx, full, opts)
	if err != nil {
		return ports.Object{}, s.outer(err)
	}
	object.ObjectInfo = s.info(object.ObjectInfo)
	return object, nil
}

func (s *store) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	full, err := s.key("put", key)
	if err != nil {
		return "", err
	}
	version, err := s.inner.Put(ctx, full, data, cond)
	return version, s.outer(err)
}

func (s *store) Delete(ctx context.Context, key string, cond ports.Condition) error {
	full, err := s.key("delete", key)
	if err != nil {
		return err
	}
	return s.outer(s.inner.Delete(ctx, full, cond))
}

func (s *store) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	full, err := s.key("stat", key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	info, err := s.inner.Stat(ctx, full)
	return s.info(info), s.outer(err)
}

func (s *store) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	opts.Prefix = s.prefix + opts.Prefix
	if opts.StartAfter != "" {
		opts.StartAfter = s.prefix + opts.StartAfter
	}
	if opts.EndBefore != "" {
		opts.EndBefore = s.prefix + opts.EndBefore
	}
	return func(yield func(ports.ObjectInfo, error) bool) {
		for info, err := range s.inner.List(ctx, opts) {
			if !yield(s.info(info), s.outer(err)) {
				return
			}
		}
	}
}

func (s *store) Capabilities() ports.Capabilities {
	caps := s.inner.Capabilities()
	caps.MaxKeyBytes = s.maxKeyBytes()
	return caps
}
