package gcs

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"cloud.google.com/go/auth"
	"cloud.google.com/go/storage"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/smarterbase/smarterbase/ports"
)

// fail turns what the client answered into an outcome.
func (a *attempt) fail(err error) error {
	var answer *googleapi.Error
	switch {
	case errors.As(err, &answer):
		return a.failStatus(answer, err)
	case errors.Is(err, storage.ErrObjectNotExist):
		return ports.Fail(a.op, a.key, ports.ErrNotFound, err)
	}
	return ports.Fail(a.op, a.key, a.silent(err), err)
}

// failBody is for a download whose head has come. A "404" says then that this
// generation can't be resumed, and nothing about the object that is there now.
func (a *attempt) failBody(err error) error {
	if cause := context.Cause(a.ctx); errors.Is(cause, errResumes) {
		err = cause // and not "context canceled", which would seem to be the caller's
	}
	return ports.Fail(a.op, a.key, a.silent(err), err)
}

// silent is the outcome where no answer came.
func (a *attempt) silent(err error) error {
	var op *net.OpError
	sent := a.mayApply() && (!errors.As(err, &op) || op.Op != "dial")
	if ended := a.caller.Err(); ended != nil {
		if sent {
			return ports.ErrUnknown
		}
		return ended
	}
	if kind := credentialKind(err); kind != nil {
		return kind // requests are sent after they were signed
	}
	switch {
	case sent:
		return ports.ErrUnknown
	case strings.Contains(err.Error(), "storage: bad CRC"): // the client has no value for it
		return ports.ErrCorrupt
	}
	return ports.ErrUnavailable
}

// credentialKind is nil where the failure was not that of getting a token.
func credentialKind(err error) error {
	var res *http.Response
	if e := (*auth.Error)(nil); errors.As(err, &e) {
		res = e.Response
	} else if e := (*oauth2.RetrieveError)(nil); errors.As(err, &e) {
		res = e.Response
	} else {
		return nil
	}
	if res != nil && res.StatusCode < http.StatusInternalServerError && res.StatusCode != http.StatusTooManyRequests {
		return ports.ErrPermission
	}
	return ports.ErrUnavailable
}

// failStatus is the outcome of an answer with a status.
func (a *attempt) failStatus(answer *googleapi.Error, err error) error {
	if answer.Code == http.StatusNotFound {
		return a.failMissing(answer, err)
	}
	kind := statusKind(answer)
	switch {
	case answer.Code == http.StatusPreconditionFailed && a.cond.IsAny():
		kind = ports.ErrPermission // not ours: a policy of the organisation
	case kind == nil && a.applies != nil && a.applies():
		kind = ports.ErrUnknown
	case kind == nil && answer.Code == http.StatusServiceUnavailable, kind == nil && answer.Code == http.StatusRequestTimeout:
		kind = ports.ErrBusy
	case kind == nil:
		kind = ports.ErrUnavailable
	}
	return ports.Fail(a.op, a.key, kind, err)
}

// statusKind is nil for answers that say nothing about what was done: 408 and
// all of 500 to 599. Google does not promise that a 503 changed nothing.
func statusKind(answer *googleapi.Error) error {
	switch answer.Code {
	case http.StatusNotModified:
		return ports.ErrNotModified
	case http.StatusPreconditionFailed:
		return ports.ErrPrecondition
	case http.StatusConflict, http.StatusTooManyRequests:
		return ports.ErrBusy
	case http.StatusUnauthorized:
		return ports.ErrPermission
	case http.StatusForbidden:
		if strings.Contains(text(answer), "ateLimitExceeded") { // rate…, userRate…
			return ports.ErrBusy
		}
		return ports.ErrPermission
	case http.StatusBadRequest:
		if strings.Contains(text(answer), "doesn't match calculated") {
			return ports.ErrUnavailable // the bytes were damaged on their way
		}
		return ports.ErrInvalidKey
	case http.StatusRequestedRangeNotSatisfiable:
		return ports.ErrInvalidKey
	case http.StatusRequestEntityTooLarge:
		return ports.ErrTooLarge
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return ports.ErrUnsupported
	case http.StatusRequestTimeout:
		return nil
	}
	if answer.Code >= http.StatusInternalServerError {
		return nil
	}
	return ports.ErrUnavailable
}

// failMissing tells a missing object from a missing bucket, which must not
// look like an empty one.
func (a *attempt) failMissing(answer *googleapi.Error, err error) error {
	said := text(answer)
	bucket := strings.Contains(said, "bucket") && !strings.Contains(said, "No such object")
	_, exact := a.cond.Version()
	switch {
	case bucket || a.op == opList:
		return a.failBucket(err)
	case a.op == opPutStream: // an upload that the server forgot
		return ports.Fail(a.op, a.key, ports.ErrUnavailable, err)
	case exact:
		return ports.Fail(a.op, a.key, ports.ErrPrecondition, err)
	case a.op == opPut:
		return a.failBucket(err)
	}
	return ports.Fail(a.op, a.key, ports.ErrNotFound, err)
}

func (a *attempt) failBucket(err error) error {
	return ports.Fail(a.op, a.key, ports.ErrUnavailable, fmt.Errorf("the bucket %q does not exist: %w", a.bucket, err))
}

// text is what an answer says, for those who have to tell one 404 from
// another. Answers to downloads are not parsed by the client.
func text(answer *googleapi.Error) string {
	if answer.Body != "" {
		return answer.Body
	}
	return answer.Message
}
