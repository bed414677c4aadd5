package encryption

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/smarterbase/smarterbase/ports"
	"github.com/smarterbase/smarterbase/ports/decorator"
)

// Options of a Store. The zero value is the strict one.
type Options struct {
	// ReadPlaintext lets objects be read that do not begin as encrypted ones
	// do, as they are: those that were there before encryption. While it is
	// set, who can write to the store can put plaintext in the place of any
	// object, and it is read without a complaint. Run Reencrypt and take it
	// away again.
	ReadPlaintext bool

	// ExactListSizes, with ReadPlaintext, makes List look at the beginning of
	// each object, one small read each. Otherwise the size that List says of a
	// plaintext object is too low, as if it were encrypted.
	ExactListSizes bool
}

// Store returns a store that keeps its objects encrypted in inner. It is safe
// for concurrent use, has the optional interfaces that inner has, and closes
// inner when it is closed. A keyring may serve any number of stores.
func Store(inner ports.ObjectStore, keyring *Keyring, opts Options) (ports.ObjectStore, error) {
	s, err := newStore(inner, keyring, opts)
	if err != nil {
		return nil, err
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

// store is the part of it that every store has.
type store struct {
	inner ports.ObjectStore
	keys  *Keyring
	opts  Options
	caps  ports.Capabilities
}

func newStore(inner ports.ObjectStore, keyring *Keyring, opts Options) (*store, error) {
	refuse := func(format string, args ...any) (*store, error) {
		return nil, ports.Fail("open", "", ports.ErrInvalidKey, fmt.Errorf(format, args...))
	}
	switch {
	case inner == nil:
		return refuse("there is no inner store")
	case keyring == nil:
		return refuse("there is no keyring")
	case opts.ExactListSizes && !opts.ReadPlaintext:
		return refuse("option ExactListSizes is for use with ReadPlaintext")
	}
	caps := inner.Capabilities()
	caps.Name = "encrypted " + caps.Name
	if limit := caps.MaxObjectSize; limit > 0 {
		if caps.MaxObjectSize = greatestPlain(limit); caps.MaxObjectSize < 1 {
			return refuse("the inner store takes objects of up to %d bytes, and encryption adds %d", limit, documentOverhead)
		}
	}
	return &store{inner: inner, keys: keyring, opts: opts, caps: caps}, nil
}

// Capabilities are those of the inner store, less what encryption adds to an
// object.
func (s *store) Capabilities() ports.Capabilities { return s.caps }

// check refuses the object that holds the keyring: whoever replaced it would
// lose everything.
func (s *store) check(op, key string) error {
	if s.keys.isObject(key) {
		return ports.Fail(op, key, ports.ErrInvalidKey, errors.New("the keyring is stored there"))
	}
	return nil
}

// attempts is how often a read in two steps begins again when the object was
// replaced between them.
const attempts = 8

func (s *store) Get(ctx context.Context, key string, opts ports.GetOptions) (ports.Object, error) {
	if err := s.check("get", key); err != nil {
		return ports.Object{}, err
	}
	for range attempts {
		o, err := s.inner.Get(ctx, key, ports.GetOptions{IfNoneMatch: opts.IfNoneMatch, Range: s.lead(opts.Range)})
		if err != nil {
			return ports.Object{}, err
		}
		v, err := s.view(ctx, "get", o.ObjectInfo, o.Data, opts.Range)
		if err != nil {
			return ports.Object{}, err
		}
		data, ok, err := s.rest(ctx, o, &v)
		if err != nil {
			return ports.Object{}, err
		}
		if ok {
			data, err = v.open("get", data)
			return ports.Object{ObjectInfo: v.info, Data: data}, err
		}
	}
	return ports.Object{}, replaced("get", key)
}

func (s *store) lead(r ports.Range) ports.Range {
	if r.IsWhole() {
		return r
	}
	return lead(r)
}

func replaced(op, key string) error {
	return ports.Fail(op, key, ports.ErrBusy, fmt.Errorf("the object was replaced %d times while it was read", attempts))
}

// rest returns the bytes that v needs, from o or by another read; false if the
// object was replaced in between.
func (s *store) rest(ctx context.Context, o ports.Object, v *view) ([]byte, bool, error) {
	from, to := v.interval()
	if to <= int64(len(o.Data)) {
		return o.Data[from:to:to], true, nil
	}
	part, err := s.inner.Get(ctx, o.Key, ports.GetOptions{Range: ports.Range{Offset: from, Length: to - from}})
	if errors.Is(err, ports.ErrInvalidKey) {
		return nil, false, nil // it is shorter now
	}
	return part.Data, part.Version == o.Version, err
}

func (s *store) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if err := s.check("put", key); err != nil {
		return "", err
	}
	if limit := s.caps.MaxObjectSize; limit > 0 && int64(len(data)) > limit {
		return "", ports.Fail("put", key, ports.ErrTooLarge, fmt.Errorf("%d bytes, more than %d", len(data), limit))
	}
	if len(data) > documentLimit {
		return s.putLarge(ctx, key, data, cond)
	}
	return s.putDocument(ctx, key, data, cond)
}

// putDocument gives its buffer back only after a success: a client of HTTP may
// go on sending a request that has failed or was given up, and must not send
// bytes of another object then.
func (s *store) putDocument(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	keys, err := s.keys.writing(ctx, "put", key)
	if err != nil {
		return "", err
	}
	buf := scratch.Get().(*[]byte)
	if *buf, err = keys.sealDocument(*buf, key, data); err != nil {
		return "", ports.Fail("put", key, ports.ErrUnavailable, err)
	}
	version, err := s.inner.Put(ctx, key, *buf, cond)
	if err == nil {
		scratch.Put(buf)
	}
	return version, err
}

func (s *store) putLarge(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	keys, err := s.keys.writing(ctx, "put", key)
	if err != nil {
		return "", err
	}
	object := make(growing, 0, sealedSize(int64(len(data))))
	w, err := keys.sealStream(&object, key)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return "", ports.Fail("put", key, ports.ErrUnavailable, fmt.Errorf("encrypting: %w", err))
	}
	return s.inner.Put(ctx, key, object, cond)
}

// growing is a writer into memory.
type growing []byte

func (g *growing) Write(p []byte) (int, error) {
	*g = append(*g, p...)
	return len(p), nil
}

func (s *store) Delete(ctx context.Context, key string, cond ports.Condition) error {
	if err := s.check("delete", key); err != nil {
		return err
	}
	return s.inner.Delete(ctx, key, cond)
}

type batches struct {
	*store
	inner ports.BatchDeleter
}

// DeleteBatch leaves out the object that holds the keyring.
func (b batches) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	errs := make([]error, len(keys))
	rest := make([]string, 0, len(keys))
	places := make([]int, 0, len(keys)) // in keys, of those in rest
	for i, key := range keys {
		if errs[i] = b.check("delete batch", key); errs[i] == nil {
			rest, places = append(rest, key), append(places, i)
		}
	}
	answers, err := b.inner.DeleteBatch(ctx, rest)
	if err != nil {
		return nil, err
	}
	for i, answer := range answers {
		errs[places[i]] = answer
	}
	return errs, nil
}
