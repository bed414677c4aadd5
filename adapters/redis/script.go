package redis

import (
	"context"
	"crypto/sha1" //nolint:gosec // the server names scripts by it
	"encoding/hex"

	goredis "github.com/redis/go-redis/v9"
)

// script is a Lua script. It answers an array of strings, and writes only
// after everything that could fail: the server does not undo what a failed
// script wrote.
type script struct {
	source string
	sha    string
	writes bool // it may change something
}

func newScript(writes bool, source string) *script {
	sum := sha1.Sum([]byte(source)) //nolint:gosec // see above
	return &script{source: source, sha: hex.EncodeToString(sum[:]), writes: writes}
}

var pingScript = newScript(false, `return {'pong'}`)

// run is one call of a script: one attempt, one outcome. All keys are of one
// unit and name; without keys the script runs on any node. op and name are for
// errors, whose outcomes errors.go tells. The caller checks its arguments
// before.
func (c *Client) run(ctx context.Context, op, name string, s *script, keys []string, args ...any) ([]string, error) {
	r, err := c.attempt(ctx, op, name, func(life context.Context, g *gate) reply {
		return send(life, c.universal, g, s, keys, args)
	})
	if err == nil && r.err != nil {
		err = r.fail(ctx, op, name, s.writes)
	}
	if err != nil {
		return nil, err
	}
	return r.values, nil
}

// processor is a client of one node, or one that finds the node.
type processor interface {
	Process(ctx context.Context, cmd goredis.Cmder) error
}

// send asks for the script by its name, and with its source if the server
// does not know it, which is an answer like any other: nothing was run.
func send(ctx context.Context, on processor, g *gate, s *script, keys []string, args []any) reply {
	values, err := evaluate(ctx, on, g, "evalsha", s.sha, keys, args)
	if goredis.HasErrorPrefix(err, "NOSCRIPT") {
		values, err = evaluate(ctx, on, g, "eval", s.source, keys, args)
	}
	return reply{values: values, err: err, sent: g.passed()}
}

func evaluate(ctx context.Context, on processor, g *gate, verb, what string, keys []string, args []any) ([]string, error) {
	line := make([]any, 0, 3+len(keys)+len(args))
	line = append(line, verb, guarded{g, what}, len(keys))
	for _, key := range keys {
		line = append(line, key)
	}
	cmd := goredis.NewStringSliceCmd(ctx, append(line, args...)...)
	if err := on.Process(ctx, once{cmd}); err != nil {
		return nil, err
	}
	return cmd.Val(), nil
}
