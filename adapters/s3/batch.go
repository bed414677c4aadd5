package s3

import (
	"context"
	"errors"
	"fmt"

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

// DeleteBatch implements ports.BatchDeleter with one request for each thousand
// keys. Once one request failed no further one is sent; the keys of that
// request and of those that were not sent have the failure as their error.
func (b *bucket) DeleteBatch(ctx context.Context, keys []string) ([]error, error) {
	if err := b.enter(ctx, "delete batch", ""); err != nil {
		return nil, err
	}
	defer b.gate.leave()
	errs := make([]error, len(keys))
	places := make(map[string][]int, len(keys)) // a key may be there twice
	var valid []types.ObjectIdentifier
	for i, key := range keys {
		if err := ports.ValidateKey(key); err != nil {
			errs[i] = ports.Fail("delete batch", key, ports.ErrInvalidKey, err)
			continue
		}
		if places[key] == nil {
			valid = append(valid, types.ObjectIdentifier{Key: &keys[i]})
		}
		places[key] = append(places[key], i)
	}
	put := func(key string, kind, cause error) {
		for _, i := range places[key] {
			errs[i] = ports.Fail("delete batch", key, kind, cause)
		}
	}
	for first := true; len(valid) > 0; first = false {
		n := min(maxBatch, len(valid))
		err := b.removeMany(ctx, valid[:n], put)
		if err != nil && first {
			return nil, err
		}
		if err != nil {
			failure, _ := errors.AsType[*ports.Error](err)
			for _, id := range valid {
				put(*id.Key, failure.Kind, failure.Err)
			}
			break
		}
		valid = valid[n:]
	}
	return errs, nil
}

// removeMany sends one DeleteObjects, and puts down what failed by itself.
func (b *bucket) removeMany(ctx context.Context, ids []types.ObjectIdentifier, put func(key string, kind, cause error)) error {
	if err := ports.ContextDone(ctx, "delete batch", ""); err != nil {
		return err
	}
	a, options := b.begin()
	if b.opts.Checksum == ChecksumMD5 {
		options = append(options, awss3.WithAPIOptions(withContentMD5))
	}
	in := awss3.DeleteObjectsInput{Bucket: &b.name, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}}
	out, err := b.client.DeleteObjects(ctx, &in, options...)
	if err != nil {
		return b.writeFailure(ctx, "delete batch", "", ports.Any, a, err)
	}
	for _, failed := range out.Errors {
		code, message := aws.ToString(failed.Code), aws.ToString(failed.Message)
		cause := &smithy.GenericAPIError{Code: code, Message: message}
		kind := answer(cause)
		switch {
		case errors.Is(kind, ports.ErrNotFound), errors.Is(kind, errNested):
			continue // it was not there
		case kind == nil:
			kind = ports.ErrUnknown
		case errors.Is(kind, errMissingBucket):
			kind = ports.ErrUnavailable
		}
		put(aws.ToString(failed.Key), kind, cause)
	}
	return nil
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
