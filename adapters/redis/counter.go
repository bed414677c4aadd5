package redis

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"iter"
	"strconv"
	"strings"

	"github.com/smarterbase/smarterbase/ports"
)

var _ ports.Counter = (*Counter)(nil)

const (
	// counterParts spreads the counters of a namespace over the slots of a
	// Cluster. It is part of the format: another number would lose them.
	counterParts = 16

	maxCounterBytes = 4096
)

// Counter keeps named integers in sixteen hashes of the namespace. Names are 1
// to 4,096 bytes of any kind. It is safe for concurrent use. No call is ever
// sent twice: an Add whose answer did not arrive is ErrUnknown, and may have
// counted.
//
// Values live as long as Redis keeps its memory. What it has not yet written
// to disk, or to the replica that takes over, is lost with it.
type Counter struct{ client *Client }

// Counter returns the counters of the namespace.
func (c *Client) Counter() *Counter { return &Counter{client: c} }

// The scripts of counters. KEYS: the hash. ARGV: name, number. Values are
// answered as texts, since the numbers of Lua are exact up to 2^53 only.
var (
	addScript = newScript(true, `
local r = redis.pcall('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
if type(r) == 'table' then
  if string.find(r.err, 'overflow', 1, true) then return {'overflow'} end
  if string.find(r.err, 'not an integer', 1, true) then return {'text'} end
  return r
end
return {'value', redis.call('HGET', KEYS[1], ARGV[1])}
`)

	valueScript = newScript(false, `
local value = redis.call('HGET', KEYS[1], ARGV[1])
return value and {value} or {}
`)

	setScript = newScript(true, `
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return {}
`)

	removeScript = newScript(true, `
redis.call('HDEL', KEYS[1], ARGV[1])
return {}
`)

	// namesScript answers the next cursor and the names of one page. ARGV:
	// cursor, prefix.
	namesScript = newScript(false, `
local page = redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', 500)
local answer = {page[1]}
for i = 1, #page[2], 2 do
  if string.sub(page[2][i], 1, #ARGV[2]) == ARGV[2] then answer[#answer + 1] = page[2][i] end
end
return answer
`)
)

// Add adds delta and returns the new value.
func (c *Counter) Add(ctx context.Context, name string, delta int64) (int64, error) {
	const op = "add"
	answer, err := c.run(ctx, op, name, addScript, strconv.FormatInt(delta, 10))
	switch {
	case err != nil:
		return 0, err
	case answer[0] == "overflow":
		return 0, ports.Fail(op, name, ports.ErrTooLarge, fmt.Errorf("the value and %d overflow", delta))
	case answer[0] == "text":
		return 0, ports.Fail(op, name, ports.ErrCorrupt, errors.New("the value is no integer"))
	default:
		return parseValue(op, name, answer[1:])
	}
}

// Value returns the value, or ErrNotFound.
func (c *Counter) Value(ctx context.Context, name string) (int64, error) {
	const op = "value"
	answer, err := c.run(ctx, op, name, valueScript)
	switch {
	case err != nil:
		return 0, err
	case len(answer) == 0:
		return 0, ports.Fail(op, name, ports.ErrNotFound, nil)
	default:
		return parseValue(op, name, answer)
	}
}

// Set stores a value.
func (c *Counter) Set(ctx context.Context, name string, value int64) error {
	_, err := c.run(ctx, "set", name, setScript, strconv.FormatInt(value, 10))
	return err
}

// Remove forgets a counter.
func (c *Counter) Remove(ctx context.Context, name string) error {
	_, err := c.run(ctx, "remove", name, removeScript)
	return err
}

// Names yields the names of all counters that begin with prefix, each once,
// in no certain order; of counters that are made or removed meanwhile it may
// yield some. It ends with the first error. It remembers the names of one of
// sixteen parts at a time, and makes one round trip for about 500 counters of
// the namespace, at least sixteen.
func (c *Counter) Names(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for part := range counterParts {
			if !c.namesOf(ctx, part, prefix, yield) {
				return
			}
		}
	}
}

// namesOf yields the names of one part; a page of HSCAN may repeat some.
func (c *Counter) namesOf(ctx context.Context, part int, prefix string, yield func(string, error) bool) bool {
	seen := make(map[string]bool)
	for cursor := "0"; ; {
		answer, err := c.client.run(ctx, "list counters", prefix, namesScript, []string{c.key(part)}, cursor, prefix)
		if err != nil {
			yield("", err)
			return false
		}
		for _, name := range answer[1:] {
			if !seen[name] && !yield(strings.Clone(name), nil) {
				return false
			}
			seen[name] = true
		}
		if cursor = answer[0]; cursor == "0" {
			return true
		}
	}
}

func (c *Counter) run(ctx context.Context, op, name string, s *script, args ...any) ([]string, error) {
	if name == "" || len(name) > maxCounterBytes {
		return nil, ports.Fail(op, name, ports.ErrInvalidKey, fmt.Errorf("names have 1 to %d bytes", maxCounterBytes))
	}
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(name))
	part := int(hash.Sum32() % counterParts)
	return c.client.run(ctx, op, name, s, []string{c.key(part)}, append([]any{name}, args...)...)
}

func (c *Counter) key(part int) string { return c.client.key("counter", strconv.Itoa(part)) }

func parseValue(op, name string, answer []string) (int64, error) {
	if len(answer) == 0 {
		return 0, ports.Fail(op, name, ports.ErrCorrupt, errors.New("the script answered nothing"))
	}
	value, err := strconv.ParseInt(answer[0], 10, 64)
	if err != nil {
		return 0, ports.Fail(op, name, ports.ErrCorrupt, errors.New("the value is no integer"))
	}
	return value, nil
}
