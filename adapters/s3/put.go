package s3

import (
	"bytes"
	"context"
	"crypto/md5" // the protocol's checksum of a body, no protection against anybody
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"

	"github.com/smarterbase/smarterbase/ports"
)

var errReserved = errors.New("a file-backed server keeps names with " + temporaryFolder + " for itself, and lists U+FFFE and U+FFFF as another character")

// Put implements ports.ObjectStore with one request, or some more for keys that
// could be the folder of another; see mayNest.
func (b *bucket) Put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.Version, error) {
	if err := b.enterKey(ctx, "put", key); err != nil {
		return "", err
	}
	defer b.gate.Leave()
	if int64(len(data)) > b.opts.MaxObjectSize {
		return "", ports.Fail("put", key, ports.ErrTooLarge, fmt.Errorf("%d bytes are more than %d", len(data), b.opts.MaxObjectSize))
	}
	if err := b.admit(ctx, key, cond); err != nil {
		return "", err
	}
	info, err := b.put(ctx, key, data, cond)
	return info.Version, err
}

// admit refuses a write that can't succeed before anything is sent.
func (b *bucket) admit(ctx context.Context, key string, cond ports.Condition) error {
	if b.reserved(key) {
		return ports.Fail("put", key, ports.ErrInvalidKey, errReserved)
	}
	if v, ok := cond.Version(); ok {
		if !possible(v) {
			return ports.Fail("put", key, ports.ErrPrecondition, fmt.Errorf("%q is the version of no object", v))
		}
		return nil // what is there needs no look at its neighbours
	}
	if b.facts.Nesting == NestingHidden && mayNest(key) {
		return b.refuseNested(ctx, key)
	}
	return nil
}

// put sends one PutObject.
func (b *bucket) put(ctx context.Context, key string, data []byte, cond ports.Condition) (ports.ObjectInfo, error) {
	size := int64(len(data))
	in := awss3.PutObjectInput{Bucket: &b.name, Key: &key, Body: bytes.NewReader(data), ContentLength: &size}
	in.IfMatch, in.IfNoneMatch = headers(cond)
	if b.opts.Checksum == ChecksumMD5 {
		in.ContentMD5 = contentMD5(data)
	}
	a, options := b.begin()
	out, err := b.client.PutObject(ctx, &in, options...)
	if err != nil {
		return ports.ObjectInfo{}, b.settleNested(ctx, key, b.writeFailure(ctx, "put", key, cond, a, err))
	}
	if out.ETag == nil || *out.ETag == "" {
		return ports.ObjectInfo{}, ports.Fail("put", key, ports.ErrUnknown, errNoVersion)
	}
	return ports.ObjectInfo{Key: key, Version: versionOf(*out.ETag), Size: size, ModTime: serverTime(out.ResultMetadata)}, nil
}

// headers returns If-Match and If-None-Match for a condition.
func headers(cond ports.Condition) (match, noneMatch *string) {
	v, versioned := cond.Version()
	switch {
	case versioned:
		return aws.String(string(v)), nil
	case cond.IsAbsent():
		return nil, aws.String("*")
	}
	return nil, nil
}

func contentMD5(data []byte) *string {
	sum := md5.Sum(data)
	text := base64.StdEncoding.EncodeToString(sum[:])
	return &text
}

// serverTime is the time at which the server answered, which is about when it
// stored the object.
func serverTime(metadata middleware.Metadata) time.Time {
	at, _ := awsmiddleware.GetServerTime(metadata)
	return at
}
