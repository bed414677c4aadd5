package gcs

import (
	"context"
	"errors"
	"net/http/httptrace"
	"sync/atomic"

	"github.com/smarterbase/smarterbase/ports"
)

// attempt is one call on its way to the server. It notes how far it came,
// because that decides what a failure means.
type attempt struct {
	bucket string
	op     string
	key    string
	cond   ports.Condition // that the server was told

	// applies reports whether what the client was given so far can change the
	// object; nil: never.
	applies func() bool

	// resumes is how many connections a download may take; 0: any number.
	resumes int64

	caller context.Context    // ends when the caller gives up
	ctx    context.Context    // what the client gets
	stop   context.CancelFunc // ends ctx; to be called in the end

	asked atomic.Int64 // connections asked for
	got   atomic.Bool  // and got: something may have been sent
}

// maxResumes ends a download that the client resumes again and again, which
// it does without a pause for as long as connections can be made. The first
// connection, and those for a token, are among them.
const maxResumes = 6

var errResumes = errors.New("the connection broke each time the download was resumed")

// always is for requests that change the object as soon as they arrive.
func always() bool { return true }

// start makes the context for the client.
func (a *attempt) start(ctx context.Context) {
	a.caller = ctx
	inner, cancel := context.WithCancelCause(ctx)
	a.stop = func() { cancel(nil) }
	a.ctx = httptrace.WithClientTrace(inner, &httptrace.ClientTrace{
		GetConn: func(string) {
			if n := a.asked.Add(1); a.resumes > 0 && n > a.resumes {
				cancel(errResumes)
			}
		},
		GotConn: func(httptrace.GotConnInfo) { a.got.Store(true) },
	})
}

// mayApply reports whether the object may have been changed, now or later. A
// transport that tells nothing about its connections may have sent it.
func (a *attempt) mayApply() bool {
	return a.applies != nil && a.applies() && (a.got.Load() || a.asked.Load() == 0)
}
