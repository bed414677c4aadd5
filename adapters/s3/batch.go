package s3

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/smarterbase/smarterbase/ports"
)

// maxBatch is how many keys the protocol lets one request delete.
const maxBatch = 1000

var errUnanswered = errors.New("the answer says nothing about this key")

// DeleteBatch implements ports.BatchDeleter with one request for each thousand
// keys, and one for each key with U+FFFE or U+FFFF, which XML can't write. Once
// one request failed no further one is sent; the keys of that request and of
// those that were not sent have the failure as their error.
func (b *bucket) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	if err := b.enter(ctx, "delete batch", ""); err != nil {
		return nil, err
	}
	defer b.gate.Leave()
	list := newBatch(keys)
	b.removeAlone(ctx, list)
	for left := list.ids; len(left) > 0; {
		n := min(maxBatch, len(left))
		err := b.removeMany(ctx, left[:n], list)
		switch {
		case err == nil:
			left = left[n:]
		case len(left) == len(list.ids):
			return nil, err // nothing is known about any
		default:
			list.failAll(left, err)
			left = nil
		}
	}
	return list.errs, nil
}

// batch is what becomes of the keys of a DeleteBatch.
type batch struct {
	errs   []error
	places map[string][]int // a key may be there twice
	ids    []types.ObjectIdentifier
	alone  []string // keys that need a request of their own
}

func newBatch(keys []string) *batch {
	list := &batch{errs: make([]error, len(keys)), places: make(map[string][]int, len(keys))}
	for i, key := range keys {
		if err := ports.ValidateKey(key); err != nil {
			list.errs[i] = ports.Fail("delete batch", key, ports.ErrInvalidKey, causeOf(err))
			continue
		}
		switch {
		case list.places[key] != nil:
		case strings.ContainsAny(key, unwritable):
			list.alone = append(list.alone, key)
		default:
			list.ids = append(list.ids, types.ObjectIdentifier{Key: &keys[i]})
		}
		list.places[key] = append(list.places[key], i)
	}
	return list
}

func (l *batch) fail(key string, kind, cause error) {
	for _, i := range l.places[key] {
		l.errs[i] = ports.Fail("delete batch", key, kind, cause)
	}
}

func (l *batch) failKey(key string, err error) {
	failure, _ := errors.AsType[*ports.Error](err)
	l.fail(key, failure.Kind, failure.Err)
}

func (l *batch) failAll(ids []types.ObjectIdentifier, err error) {
	for _, id := range ids {
		l.failKey(*id.Key, err)
	}
}

// removeAlone deletes what no DeleteObjects can name.
func (b *bucket) removeAlone(ctx context.Context, list *batch) {
	for _, key := range list.alone {
		if err := b.remove(ctx, key, ports.Any); err != nil {
			list.failKey(key, err)
		}
	}
}

// removeMany sends one DeleteObjects, and notes what failed by itself. It wants
// an answer about each key: one without any, as of a proxy, has no failures
// either.
func (b *bucket) removeMany(ctx context.Context, ids []types.ObjectIdentifier, list *batch) error {
	if err := ports.ContextDone(ctx, "delete batch", ""); err != nil {
		return err
	}
	a, options := b.begin()
	if b.opts.Checksum == ChecksumMD5 {
		options = append(options, awss3.WithAPIOptions(withContentMD5))
	}
	in := awss3.DeleteObjectsInput{Bucket: &b.name, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(false)}}
	out, err := b.client.DeleteObjects(ctx, &in, options...)
	if err != nil {
		return b.writeFailure(ctx, "delete batch", "", ports.Any, a, err)
	}
	list.settle(ids, out)
	return nil
}

// settle notes what the answer says.
func (l *batch) settle(ids []types.ObjectIdentifier, out *awss3.DeleteObjectsOutput) {
	answered := make(map[string]bool, len(ids))
	for _, deleted := range out.Deleted {
		answered[aws.ToString(deleted.Key)] = true
	}
	for _, failed := range out.Errors {
		answered[aws.ToString(failed.Key)] = true
		l.refused(failed)
	}
	for _, id := range ids {
		if !answered[*id.Key] {
			l.fail(*id.Key, ports.ErrUnknown, errUnanswered)
		}
	}
}

// refused notes the failure of one key, unless it was that nothing was there.
func (l *batch) refused(failed types.Error) {
	cause := &smithy.GenericAPIError{Code: aws.ToString(failed.Code), Message: aws.ToString(failed.Message)}
	kind := answer(cause)
	switch {
	case errors.Is(kind, ports.ErrNotFound), errors.Is(kind, errNested):
		return
	case kind == nil || inDoubt(cause):
		kind = ports.ErrUnknown
	case errors.Is(kind, errMissingBucket):
		kind = ports.ErrUnavailable
	}
	l.fail(aws.ToString(failed.Key), kind, cause)
}

// withContentMD5 sends the one checksum of the body that all servers know in
// place of the SDK's.
func withContentMD5(stack *middleware.Stack) error {
	// A middleware that is not there needs no removal.
	_, _ = stack.Initialize.Remove("AWSChecksum:SetupInputContext")
	_, _ = stack.Finalize.Remove("addInputChecksumTrailer")
	_, _ = stack.Finalize.Remove("AWSChecksum:ComputeInputPayloadChecksum")
	if err := smithyhttp.AddContentChecksumMiddleware(stack); err != nil {
		return fmt.Errorf("add Content-MD5: %w", err)
	}
	return nil
}
