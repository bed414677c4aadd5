package prefix

import (
	"context"
	"io"

	"github.com/smarterbase/smarterbase/ports"
)

type streams struct {
	*store
	inner ports.Streamer
}

func (s streams) GetStream(ctx context.Context, key string, opts ports.GetOptions) (ports.ObjectInfo, io.ReadCloser, error) {
	full, err := s.key("get stream", key)
	if err != nil {
		return ports.ObjectInfo{}, nil, err
	}
	info, body, err := s.inner.GetStream(ctx, full, opts)
	return s.info(info), body, s.outer(err)
}

func (s streams) PutStream(ctx context.Context, key string, body io.Reader, cond ports.Condition) (ports.ObjectInfo, error) {
	full, err := s.key("put stream", key)
	if err != nil {
		return ports.ObjectInfo{}, err
	}
	info, err := s.inner.PutStream(ctx, full, body, cond)
	return s.info(info), s.outer(err)
}

type batches struct {
	*store
	inner ports.BatchDeleter
}

func (b batches) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	errs := make([]error, len(keys))
	var full []string
	var places []int // in keys, of those in full
	for i, key := range keys {
		k, err := b.key("delete batch", key)
		if err != nil {
			errs[i] = err
			continue
		}
		full, places = append(full, k), append(places, i)
	}
	answers, err := b.inner.DeleteBatch(ctx, full)
	if err != nil {
		return nil, b.outer(err)
	}
	for i, answer := range answers {
		errs[places[i]] = b.outer(answer)
	}
	return errs, nil
}
