package kit_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/smarterbase/smarterbase/adapters/memory"
	"github.com/smarterbase/smarterbase/conformance"
	"github.com/smarterbase/smarterbase/ports"
)

var brokenOptions = []broken[conformance.StoreHarness]{
	{"OS-STR-1", "reads a stream piece by piece from whatever is there", harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return pieces{&patched{Store: s}}
	})},
	{"OS-STR-2", "keeps the half that a failed reader gave", harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return halfUploads{&patched{Store: s}}
	})},
	{"OS-STR-3", "checks the condition before it reads the body", harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return earlyCheck{&patched{Store: s}}
	})},
	{"OS-CTX-2", "finishes an upload whose context ended", harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return halfUploads{&patched{Store: s}}
	})},
	{"OS-BDL-1", "answers the errors alone", harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return terseBatch{&patched{Store: s}}
	})},
	{"OS-BDL-1", "stops at the first error", harnessOf(memory.StoreOptions{}, func(_ testing.TB, s *memory.Store) ports.ObjectStore {
		return stoppingBatch{&patched{Store: s}}
	})},
}

type pieces struct{ *patched }

func (p pieces) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	info, body, err := p.Store.GetStream(ctx, key, opts)
	if err != nil || !opts.Range.IsWhole() {
		return info, body, err
	}
	return info, io.NopCloser(&piecewise{ctx: ctx, store: p.Store, key: key}), body.Close()
}

type piecewise struct {
	ctx   context.Context
	store *memory.Store
	key   string
	at    int64
}

func (r *piecewise) Read(b []byte) (int, error) {
	o, err := r.store.Get(r.ctx, r.key, ports.GetOptions{Range: ports.Range{Offset: r.at, Length: int64(len(b))}})
	if err != nil || len(o.Data) == 0 {
		return 0, io.EOF
	}
	r.at += int64(len(o.Data))
	return copy(b, o.Data), nil
}

type halfUploads struct{ *patched }

func (h halfUploads) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	data, readErr := io.ReadAll(body)
	info, err := h.Store.PutStream(context.WithoutCancel(ctx), key, bytes.NewReader(data), cond)
	return info, errors.Join(err, readErr)
}

type earlyCheck struct{ *patched }

func (e earlyCheck) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	info, _ := e.Store.Stat(ctx, key)
	if !cond.Holds(info.Version) {
		return ports.ObjectInfo{}, ports.Fail("put stream", key, ports.ErrPrecondition, nil)
	}
	return e.Store.PutStream(ctx, key, body, ports.Any)
}

type terseBatch struct{ *patched }

func (b terseBatch) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	errs, err := b.Store.DeleteBatch(ctx, keys)
	var failed []error
	for _, err := range errs {
		if err != nil {
			failed = append(failed, err)
		}
	}
	return failed, err
}

type stoppingBatch struct{ *patched }

func (b stoppingBatch) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	errs := make([]error, len(keys))
	for i, key := range keys {
		if errs[i] = b.Delete(ctx, key, ports.Any); errs[i] != nil {
			break
		}
	}
	return errs, nil
}
