package encryption

import (
	"context"
	"errors"
	"iter"

	"github.com/smarterbase/smarterbase/ports"
)

// Stat computes the size. Where plaintext may be met it reads the beginning of
// the object instead, which tells.
func (s *store) Stat(ctx context.Context, key string) (ports.ObjectInfo, error) {
	if err := s.check("stat", key); err != nil {
		return ports.ObjectInfo{}, err
	}
	if s.opts.ReadPlaintext {
		return s.peek(ctx, "stat", key)
	}
	info, err := s.inner.Stat(ctx, key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	size, ok := plainSize(info.Size)
	if !ok {
		return ports.ObjectInfo{}, ports.Fail("stat", key, ports.ErrCorrupt, ErrNotEncrypted)
	}
	info.Size = size
	return info, nil
}

// peek is Stat by a read of the header.
func (s *store) peek(ctx context.Context, op, key string) (ports.ObjectInfo, error) {
	o, err := s.inner.Get(ctx, key, ports.GetOptions{Range: ports.Range{Length: headerLength}})
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	if size, ok := plainSize(o.Size); ok && isSealed(o.Data) {
		o.Size = size
	} else if isSealed(o.Data) {
		return ports.ObjectInfo{}, ports.Fail(op, key, ports.ErrCorrupt, errors.New("no encrypted object has such a size"))
	}
	return o.ObjectInfo, nil
}

// List hides the object that holds the keyring. What can't be an encrypted
// object by its size is listed with the size that it has.
func (s *store) List(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	if err := s.refuseMarked(ctx, opts.Prefix); err != nil {
		return func(yield func(ports.ObjectInfo, error) bool) { yield(ports.ObjectInfo{}, err) }
	}
	return s.list(ctx, opts)
}

func (s *store) list(ctx context.Context, opts ports.ListOptions) iter.Seq2[ports.ObjectInfo, error] {
	asked := opts
	if opts.Limit > 0 && s.keys.object() != "" {
		asked.Limit++ // for the hidden one
	}
	return func(yield func(ports.ObjectInfo, error) bool) {
		left := opts.Limit
		for info, err := range s.inner.List(ctx, asked) {
			if err == nil {
				if s.keys.isObject(info.Key) {
					continue
				}
				info, err = s.listed(ctx, info, opts.KeysOnly)
			}
			if left--; !yield(info, err) || err != nil || left == 0 {
				return
			}
		}
	}
}

func (s *store) listed(ctx context.Context, info ports.ObjectInfo, keysOnly bool) (ports.ObjectInfo, error) {
	if keysOnly || info.Version == "" {
		info.Size = 0 // the inner store may not know it
		return info, nil
	}
	if s.opts.ExactListSizes {
		o, err := s.peek(ctx, "list", info.Key)
		switch {
		case errors.Is(err, ports.ErrCorrupt):
			return info, nil
		case !errors.Is(err, ports.ErrNotFound):
			return o, err
		}
		// It was deleted meanwhile, and stays in the list: a shorter one than the
		// limit would seem to be at its end.
	}
	if size, ok := plainSize(info.Size); ok {
		info.Size = size
	}
	return info, nil
}
