package minio

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"

	sdk "github.com/minio/minio-go/v7"

	"github.com/smarterbase/smarterbase/ports"
)

// stage says what a request that failed can have done.
type stage int

const (
	reading stage = iota // nothing
	staging              // stored something that nobody sees, such as a part
	writing              // changed an object
)

// attempt is a request that failed, and what is known about it.
type attempt struct {
	op, key string
	stage   stage
	unsent  bool // the server can't have got the request
	matched bool // the request had If-Match
}

// fail is the boundary: every failure of a request passes here once.
func (s *bucket) fail(ctx context.Context, a attempt, err error) error {
	if final, ok := errors.AsType[*settled](err); ok {
		err = final.cause
	}
	if answer, ok := errors.AsType[sdk.ErrorResponse](err); ok {
		if answer.Code == sdk.NoSuchBucket {
			err = s.noBucket()
		}
		return ports.Fail(a.op, a.key, a.judge(answer), err)
	}
	sent := a.stage == writing && !a.unsent && !neverSent(err)
	switch done := ctx.Err(); {
	case sent:
		return ports.Fail(a.op, a.key, ports.ErrUnknown, plain(err))
	case done != nil:
		return ports.Fail(a.op, a.key, done, context.Cause(ctx))
	}
	return ports.Fail(a.op, a.key, ports.ErrUnavailable, plain(err))
}

// judge classifies an answer, by its code where that says more than the
// status, which answers about one of several objects do not have.
func (a attempt) judge(answer sdk.ErrorResponse) error {
	switch answer.Code {
	case sdk.NoSuchBucket:
		return ports.ErrUnavailable
	case sdk.PreconditionFailed:
		return ports.ErrPrecondition
	case sdk.AccessDenied:
		return ports.ErrPermission
	case sdk.EntityTooLarge:
		return ports.ErrTooLarge
	case sdk.XMinioInvalidObjectName, "KeyTooLongError":
		return ports.ErrInvalidKey
	case "SlowDown", "SlowDownRead":
		return ports.ErrBusy
	case "SlowDownWrite", "RequestTimeout":
		// Some drives may have stored the object while others did not answer.
		return a.lost()
	case "XMinioObjectExistsAsDirectory", "XMinioParentIsObject":
		return ports.ErrUnsupported // another program's object is the folder of ours
	case sdk.NoSuchUpload:
		return a.lost() // some intermediary may have asked twice
	}
	return a.byStatus(answer.StatusCode)
}

func (a attempt) byStatus(status int) error {
	switch status {
	case http.StatusNotModified:
		return ports.ErrNotModified
	case http.StatusPreconditionFailed:
		return ports.ErrPrecondition
	case http.StatusNotFound:
		return a.absent()
	case http.StatusConflict, http.StatusTooManyRequests:
		return ports.ErrBusy // 409 also while file gateways make and remove folders
	case http.StatusServiceUnavailable:
		if a.stage == writing { // a proxy answers so, too, where the connection behind it broke
			return ports.ErrUnknown
		}
		return ports.ErrBusy
	case http.StatusUnauthorized, http.StatusForbidden:
		return ports.ErrPermission
	case http.StatusRequestEntityTooLarge:
		return ports.ErrTooLarge
	case http.StatusRequestedRangeNotSatisfiable:
		return ports.ErrInvalidKey
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return ports.ErrUnsupported
	case http.StatusInsufficientStorage:
		return ports.ErrUnavailable
	case http.StatusRequestTimeout, clientClosed:
		return a.lost()
	}
	if status >= 300 && status < 500 {
		return ports.ErrUnavailable // the request was understood and refused
	}
	return a.lost()
}

// absent is what 404 means.
func (a attempt) absent() error {
	switch {
	case a.stage == reading:
		return ports.ErrNotFound
	case a.stage == writing && a.matched:
		return ports.ErrPrecondition
	}
	return a.lost()
}

// lost is the outcome where nobody knows what the server did.
func (a attempt) lost() error {
	if a.stage == writing {
		return ports.ErrUnknown
	}
	return ports.ErrUnavailable
}

// neverSent says whether a request failed before it could be sent: nobody
// listens there, or it is not the right server.
func neverSent(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && (op.Op == "dial" || op.Op == "proxyconnect") {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// plain hides from errors.Is what a cause would match beside the outcome: the
// timeouts of net/http say that they are context.DeadlineExceeded.
func plain(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return errors.New(err.Error())
	}
	return err
}
