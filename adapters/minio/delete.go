package minio

import (
	"context"
	"errors"
	"iter"
	"slices"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
)

var errDeleteCondition = errors.New("MinIO ignores conditions of deletes")

// Delete makes one request. Every condition but ports.Any is refused.
func (s *bucket) Delete(ctx context.Context, key string, cond ports.Condition) error {
	name, err := s.enter(ctx, "delete", key)
	if err != nil {
		return err
	}
	defer s.gate.Leave()
	if !cond.IsAny() {
		return ports.Fail("delete", key, ports.ErrUnsupported, errDeleteCondition)
	}
	err = s.core.RemoveObject(ctx, s.name, name, sdk.RemoveObjectOptions{})
	if err == nil || isAbsent(err) {
		return nil
	}
	return s.fail(ctx, attempt{op: "delete", key: key, stage: writing}, err)
}

// isAbsent knows the answer of servers that tell absent keys apart.
func isAbsent(err error) bool {
	answer, ok := errors.AsType[sdk.ErrorResponse](err)
	return ok && answer.Code == sdk.NoSuchKey
}

// DeleteBatch makes one request for every 1,000 keys.
func (s *bucket) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	const op = "delete batch"
	if err := s.begin(ctx, op, ""); err != nil {
		return nil, err
	}
	defer s.gate.Leave()
	errs := make([]error, len(keys))
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i], errs[i] = nameOf(op, key)
	}
	for page := range slices.Chunk(places(errs), maxPage) {
		if err := s.deletePage(ctx, keys, names, page, errs); err != nil {
			return nil, ports.Fail(op, "", ports.ErrUnsupported, err)
		}
	}
	return errs, nil
}

// places are the indexes of keys that are valid.
func places(errs []error) []int {
	valid := make([]int, 0, len(errs))
	for i, err := range errs {
		if err == nil {
			valid = append(valid, i)
		}
	}
	return valid
}

// deletePage deletes the keys at the indexes of page and fills in errs.
func (s *bucket) deletePage(ctx context.Context, keys, names []string, page []int, errs []error) error {
	answers, err := s.core.RemoveObjectsWithIter(ctx, s.name, objects(names, page), sdk.RemoveObjectsOptions{})
	if err != nil {
		return err
	}
	settled := make(map[string]error, len(page))
	whole := errUnanswered
	for answer := range answers {
		if answer.ObjectName == "" {
			whole = answer.Err
			continue
		}
		settled[answer.ObjectName] = answer.Err
	}
	if ctx.Err() != nil && len(settled) == 0 {
		whole = ctx.Err()
	}
	for _, i := range page {
		answer, found := settled[names[i]]
		if !found {
			answer = whole
		}
		if answer != nil && !isAbsent(answer) {
			errs[i] = s.fail(ctx, attempt{op: "delete batch", key: keys[i], stage: writing}, answer)
		}
	}
	return nil
}

var errUnanswered = errors.New("the answer says nothing about this key")

func objects(names []string, page []int) iter.Seq[sdk.ObjectInfo] {
	return func(yield func(sdk.ObjectInfo) bool) {
		for _, i := range page {
			if !yield(sdk.ObjectInfo{Key: names[i]}) {
				return
			}
		}
	}
}
