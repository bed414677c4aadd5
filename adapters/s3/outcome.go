package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/smarterbase/smarterbase/ports"
)

// errNested stands for the answers of file-backed servers to "a/b" beside "a".
// It never leaves the package.
var errNested = errors.New("another object has this key as its folder, or the other way round")

// errMissingBucket is the cause of ErrUnavailable.
var errMissingBucket = errors.New("the bucket does not exist")

// clientClosed is how nginx and MinIO say that the client went away first.
const clientClosed = 499

// codes are the outcomes of the error codes of S3 and of servers like it. None
// of these answers is given by a server that changed anything, but for those
// that are inDoubt.
var codes = map[string]error{
	"NotModified": ports.ErrNotModified,

	"PreconditionFailed": ports.ErrPrecondition,

	"NoSuchKey": ports.ErrNotFound, "NotFound": ports.ErrNotFound,

	"ConditionalRequestConflict": ports.ErrBusy, "OperationAborted": ports.ErrBusy, "Throttling": ports.ErrBusy,
	"ThrottlingException": ports.ErrBusy, "RequestThrottled": ports.ErrBusy, "TooManyRequests": ports.ErrBusy,
	"RequestLimitExceeded": ports.ErrBusy, "SlowDown": ports.ErrBusy, "SlowDownRead": ports.ErrBusy,
	"SlowDownWrite": ports.ErrBusy, "ServiceUnavailable": ports.ErrBusy, "ServerBusy": ports.ErrBusy,
	"RequestTimeout": ports.ErrBusy, // the server waited in vain for the rest of the body

	"NoSuchBucket": errMissingBucket,
	"NoSuchUpload": ports.ErrUnavailable, "PermanentRedirect": ports.ErrUnavailable, "TemporaryRedirect": ports.ErrUnavailable,
	"AuthorizationHeaderMalformed": ports.ErrUnavailable, "IllegalLocationConstraintException": ports.ErrUnavailable,
	"XMinioStorageFull": ports.ErrUnavailable, "XMinioAdminBucketQuotaExceeded": ports.ErrUnavailable, "QuotaExceeded": ports.ErrUnavailable,
	"BadDigest": ports.ErrUnavailable, "InvalidDigest": ports.ErrUnavailable, "XAmzContentSHA256Mismatch": ports.ErrUnavailable,
	"XAmzContentChecksumMismatch": ports.ErrUnavailable, "IncompleteBody": ports.ErrUnavailable,

	"AccessDenied": ports.ErrPermission, "Forbidden": ports.ErrPermission, "InvalidAccessKeyId": ports.ErrPermission,
	"SignatureDoesNotMatch": ports.ErrPermission, "ExpiredToken": ports.ErrPermission, "InvalidToken": ports.ErrPermission,
	"RequestTimeTooSkewed": ports.ErrPermission, "AccountProblem": ports.ErrPermission, "AllAccessDisabled": ports.ErrPermission,

	"EntityTooLarge": ports.ErrTooLarge,

	"KeyTooLongError": ports.ErrInvalidKey, "InvalidURI": ports.ErrInvalidKey, "InvalidObjectName": ports.ErrInvalidKey,
	"XMinioInvalidObjectName": ports.ErrInvalidKey, "XMinioInvalidResourceName": ports.ErrInvalidKey, "InvalidRange": ports.ErrInvalidKey,

	"NotImplemented": ports.ErrUnsupported, "MethodNotAllowed": ports.ErrUnsupported,

	"ObjectParentIsFile": errNested, "ExistingObjectIsDirectory": errNested, "XMinioParentIsObject": errNested,
	"XMinioObjectExistsAsDirectory": errNested,
}

// statuses are the outcomes of answers with another code, or none.
var statuses = map[int]error{
	http.StatusNotModified:                  ports.ErrNotModified,
	http.StatusUnauthorized:                 ports.ErrPermission,
	http.StatusForbidden:                    ports.ErrPermission,
	http.StatusNotFound:                     ports.ErrNotFound,
	http.StatusRequestTimeout:               ports.ErrBusy,
	http.StatusConflict:                     ports.ErrBusy,
	http.StatusPreconditionFailed:           ports.ErrPrecondition,
	http.StatusRequestEntityTooLarge:        ports.ErrTooLarge,
	http.StatusRequestedRangeNotSatisfiable: ports.ErrInvalidKey,
	http.StatusTooManyRequests:              ports.ErrBusy,
	http.StatusNotImplemented:               ports.ErrUnsupported,
	http.StatusServiceUnavailable:           ports.ErrBusy,
	http.StatusInsufficientStorage:          ports.ErrUnavailable,
}

// answer returns the outcome that the server's answer stands for; nil if there
// was no answer or if it does not say what was done.
func answer(err error) error {
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		if kind := codes[failure.ErrorCode()]; kind != nil {
			return kind
		}
	}
	status := statusOf(err)
	if kind := statuses[status]; kind != nil {
		return kind
	}
	switch {
	case status/100 == 3: // another region or address
		return ports.ErrUnavailable
	case status/100 == 4 && status != clientClosed:
		return ports.ErrUnsupported
	}
	return nil
}

// statusOf returns the status of the server's answer; 0 if there was none.
func statusOf(err error) int {
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.Response != nil {
		return response.HTTPStatusCode()
	}
	return 0
}

// inDoubt reports whether an answer to a write that sounds like a refusal may
// come from a server that did, or will do, what it was asked for: some drives
// of MinIO may have stored the object, proxies answer 503 also where the
// connection behind them broke, and what repeats a request on its way finds an
// upload that was completed gone.
func inDoubt(err error) bool {
	status := statusOf(err)
	if failure, ok := errors.AsType[smithy.APIError](err); ok {
		switch code := failure.ErrorCode(); code {
		case "SlowDownWrite", "ServiceUnavailable", "NoSuchUpload":
			return true
		case "RequestTimeout":
			return status != http.StatusBadRequest // that of S3: the body did not arrive
		default:
			if codes[code] != nil {
				return false
			}
		}
	}
	return status == http.StatusServiceUnavailable || status == http.StatusRequestTimeout
}

// readFailure makes the *ports.Error of a request that changes nothing.
func (b *bucket) readFailure(ctx context.Context, op, key string, err error) error {
	kind := answer(err)
	switch {
	case errors.Is(kind, errMissingBucket):
		return ports.Fail(op, key, ports.ErrUnavailable, b.missing(err))
	case errors.Is(kind, errNested):
		kind = ports.ErrNotFound
	case kind != nil:
	case ctx.Err() != nil:
		return ports.Fail(op, key, ctx.Err(), context.Cause(ctx))
	case strings.Contains(err.Error(), "checksum did not match"): // the SDK's error has no type
		kind = ports.ErrCorrupt
	default:
		kind = ports.ErrUnavailable
	}
	return ports.Fail(op, key, kind, plain(err))
}

// writeFailure makes the *ports.Error of a request that could change key. The
// answer to a nested key may be errNested; see settleNested.
func (b *bucket) writeFailure(ctx context.Context, op, key string, cond ports.Condition, a *attempt, err error) error {
	kind := answer(err)
	_, versioned := cond.Version()
	if inDoubt(err) {
		kind = nil
	}
	switch {
	case errors.Is(kind, errMissingBucket):
		return ports.Fail(op, key, ports.ErrUnavailable, b.missing(err))
	case errors.Is(kind, ports.ErrNotFound) && versioned:
		kind = ports.ErrPrecondition
	case errors.Is(kind, ports.ErrNotFound) || errors.Is(kind, ports.ErrNotModified):
		kind = ports.ErrUnavailable // no answer to a write, and none was done
	case kind != nil:
	case a.mayBeSent():
		kind = ports.ErrUnknown
	case ctx.Err() != nil:
		return ports.Fail(op, key, ctx.Err(), context.Cause(ctx))
	default:
		kind = ports.ErrUnavailable
	}
	return ports.Fail(op, key, kind, plain(err))
}

func (b *bucket) missing(err error) error {
	return fmt.Errorf("%w: %q: %w", errMissingBucket, b.name, err)
}

// plain keeps the text alone of a cause that matches the error of a context,
// as time-outs of the network do: the outcome is another.
func plain(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return errors.New(err.Error())
	}
	return err
}
