package s3

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/smarterbase/smarterbase/ports"
)

// request asks for one page of a listing.
type request struct {
	prefix, after, token string
	limit                int
}

// page is the answer. Its memory is used again for the next one.
type page struct {
	infos     []ports.ObjectInfo
	truncated bool
	token     string
}

// fetch makes one ListObjectsV2 request. The SDK signs and sends it; its
// decoder, which takes far longer than the request, is replaced by ours.
func (b *bucket) fetch(ctx context.Context, p *page, req request) error {
	in := awss3.ListObjectsV2Input{Bucket: &b.name, EncodingType: types.EncodingTypeUrl}
	if req.limit != maxPage {
		in.MaxKeys = aws.Int32(int32(req.limit)) // at most maxPage
	}
	if req.prefix != "" {
		in.Prefix = &req.prefix
	}
	if req.token != "" {
		in.ContinuationToken = &req.token
	} else if req.after != "" {
		in.StartAfter = &req.after
	}
	decoder := &pageDecoder{page: p}
	options := append(b.each[:len(b.each):len(b.each)], awss3.WithAPIOptions(decoder.install))
	if _, err := b.client.ListObjectsV2(ctx, &in, options...); err != nil {
		failure := b.readFailure(ctx, "list", req.prefix, err)
		if errors.Is(failure, ports.ErrNotFound) { // a list of nothing is empty, not absent
			return ports.Fail("list", req.prefix, ports.ErrUnavailable, b.missing(err))
		}
		return failure
	}
	return nil
}

// decoderID and errorID are what the SDK calls its own.
const (
	decoderID = "OperationDeserializer"
	errorID   = "S3:ProcessResponseFor200Error"
)

// pageDecoder takes the place of the SDK's decoder for pages; that one is left
// the answers that are errors.
type pageDecoder struct {
	page   *page
	errors middleware.DeserializeMiddleware
}

func (d *pageDecoder) install(stack *middleware.Stack) (err error) {
	// It parses the beginning of a page only to see that it is no error, which
	// our decoder sees, too. Later versions of the SDK may be without it.
	_, _ = stack.Deserialize.Remove(errorID)
	d.errors, err = stack.Deserialize.Swap(decoderID, d)
	return err
}

// ID implements middleware.DeserializeMiddleware.
func (*pageDecoder) ID() string { return decoderID }

// HandleDeserialize implements middleware.DeserializeMiddleware.
func (d *pageDecoder) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	out middleware.DeserializeOutput, metadata middleware.Metadata, err error,
) {
	out, metadata, err = next.HandleDeserialize(ctx, in)
	response, ok := out.RawResponse.(*smithyhttp.Response)
	if err != nil || !ok || response.StatusCode/100 != 2 {
		return d.errors.HandleDeserialize(ctx, in, replay{out, metadata, err})
	}
	buffer := bodies.Get().(*bytes.Buffer) // nothing else is in there
	defer bodies.Put(buffer)
	buffer.Reset()
	_, err = buffer.ReadFrom(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return out, metadata, fmt.Errorf("read the list: %w", err)
	}
	if err = d.page.decode(buffer.Bytes()); errors.Is(err, errIsError) {
		response.StatusCode = 500 // as the SDK has it
		response.Body = bodyOf(bytes.Clone(buffer.Bytes()))
		return d.errors.HandleDeserialize(ctx, in, replay{out, metadata, nil})
	}
	out.Result = &awss3.ListObjectsV2Output{}
	return out, metadata, err
}

// bodies holds the text of pages, about 250 KB each.
var bodies = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// replay hands on an answer that was given before.
type replay struct {
	out      middleware.DeserializeOutput
	metadata middleware.Metadata
	err      error
}

// HandleDeserialize implements middleware.DeserializeHandler.
func (r replay) HandleDeserialize(context.Context, middleware.DeserializeInput) (middleware.DeserializeOutput, middleware.Metadata, error) {
	return r.out, r.metadata, r.err
}
