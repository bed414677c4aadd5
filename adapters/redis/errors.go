package redis

import (
	"context"
	"errors"
	"strings"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/ports"
)

var errOpen = errors.New("the breaker is open: the server did not answer lately")

// fail turns the failure of a call into its outcome.
func (r reply) fail(ctx context.Context, op, name string, writes bool) error {
	if ended := ctx.Err(); ended != nil && errors.Is(r.err, ended) {
		if r.sent && writes {
			return ports.Fail(op, name, ports.ErrUnknown, ended)
		}
		return ports.Fail(op, name, ended, context.Cause(ctx))
	}
	return ports.Fail(op, name, r.kind(writes), r.err)
}

// kind is the outcome. An answer of the server is a decision; where there is
// none, it counts whether the command was sent.
func (r reply) kind(writes bool) error {
	if code, ok := serverCode(r.err); ok {
		if kind, known := answers[code]; known {
			return kind
		}
	}
	switch {
	case errors.Is(r.err, goredis.ErrClosed) && !r.sent:
		return ports.ErrClosed
	case r.sent && writes:
		return ports.ErrUnknown
	default:
		return ports.ErrUnavailable
	}
}

// verdict is what the reply says about the server.
func (r reply) verdict() verdict {
	if r.err == nil {
		return alive
	}
	if code, ok := serverCode(r.err); ok {
		if notServing[code] {
			return failing
		}
		return alive
	}
	for _, own := range []error{context.Canceled, errShut, goredis.ErrClosed, goredis.ErrPoolTimeout, goredis.ErrPoolExhausted} {
		if errors.Is(r.err, own) {
			return neutral
		}
	}
	return failing
}

// answers are those by which the server says that it did nothing. Any other
// error of a script may have come after a part of its work.
var answers = map[string]error{
	"LOADING":     ports.ErrBusy, // its data set, from disk or from its master
	"BUSY":        ports.ErrBusy, // with a script that takes long
	"TRYAGAIN":    ports.ErrBusy, // while a slot moves
	"MOVED":       ports.ErrBusy, // more often than the client follows
	"ASK":         ports.ErrBusy,
	"CLUSTERDOWN": ports.ErrUnavailable,
	"MASTERDOWN":  ports.ErrUnavailable,
	"READONLY":    ports.ErrUnavailable, // a replica
	"NOREPLICAS":  ports.ErrUnavailable, // fewer than min-replicas-to-write
	"MISCONF":     ports.ErrUnavailable, // it can't write its snapshot
	"OOM":         ports.ErrUnavailable,
	"MAXCLIENTS":  ports.ErrUnavailable,
	"NOSCRIPT":    ports.ErrUnavailable, // also with its source: not a Redis that we know
	"NOAUTH":      ports.ErrPermission,
	"WRONGPASS":   ports.ErrPermission,
	"NOPERM":      ports.ErrPermission,
	"AUTH":        ports.ErrPermission,
	"UNKNOWN":     ports.ErrUnsupported, // no such command
}

// notServing are answers of a server that serves nobody.
var notServing = map[string]bool{
	"LOADING": true, "CLUSTERDOWN": true, "MASTERDOWN": true, "MAXCLIENTS": true,
}

// serverCode is the first word of an error that the server answered, or a word
// of ours for those that begin with the general "ERR".
func serverCode(err error) (string, bool) {
	var answer goredis.Error
	if err == nil || !errors.As(err, &answer) || errors.Is(err, goredis.Nil) {
		return "", false
	}
	text := answer.Error()
	code, rest, _ := strings.Cut(text, " ")
	if code != "ERR" {
		return code, true
	}
	switch {
	case strings.HasPrefix(rest, "max number of clients"):
		return "MAXCLIENTS", true
	case strings.HasPrefix(rest, "AUTH"), strings.HasPrefix(rest, "Client sent AUTH"), strings.HasPrefix(rest, "invalid password"):
		return "AUTH", true
	case strings.HasPrefix(rest, "The user executing the script"): // from Redis 7 on
		return "NOPERM", true
	case strings.HasPrefix(rest, "unknown command"):
		return "UNKNOWN", true
	case strings.HasPrefix(rest, "Error running script"): // up to Redis 6
		return innerCode(rest), true
	}
	return code, true
}

// innerCode is the code of the command that made a script fail, in the words
// of servers up to Redis 6: "(call to f_…): @user_script:1: -OOM command …".
func innerCode(text string) string {
	if at := strings.LastIndex(text, ": -"); at >= 0 {
		code, _, _ := strings.Cut(text[at+3:], " ")
		return code
	}
	return "ERR"
}
