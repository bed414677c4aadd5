package redis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/ports"
)

var (
	_ io.Closer    = (*Client)(nil)
	_ ports.Pinger = (*Client)(nil)
)

// Client is a connection to one Redis: a server, a Cluster, or what a Sentinel
// watches. Indexes, lockers, counters and caches are views of it. It is safe
// for concurrent use.
type Client struct {
	universal goredis.UniversalClient
	cluster   *goredis.ClusterClient // nil: universal is a single server
	options   Options
	prefix    string // of every key
	breaker   *breaker
	owned     bool // Close closes the connections, too

	mu     sync.RWMutex // held, for reading, while a call begins
	closed bool
	calls  sync.WaitGroup // under way, also those that nobody waits for
}

// New makes a Client of connections that the caller opened and will close:
// a *goredis.Client, which may be that of a Sentinel, or a *goredis.ClusterClient.
// No request is made. Retries of the SDK are switched off call by call; a
// client without timeouts for reading and writing, and any other kind of
// client, is refused with ports.ErrInvalidKey.
func New(c goredis.UniversalClient, o Options) (*Client, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	client := &Client{universal: c, options: o, prefix: keyPrefix(o.Namespace), breaker: newBreaker(o.Breaker, o.Clock)}
	switch known := c.(type) {
	case *goredis.Client:
		if known == nil {
			return nil, invalid("client", errors.New("it is nil"))
		}
		err = bounded(known.Options().ReadTimeout, known.Options().WriteTimeout)
	case *goredis.ClusterClient:
		if known == nil {
			return nil, invalid("client", errors.New("it is nil"))
		}
		client.cluster = known
		err = bounded(known.Options().ReadTimeout, known.Options().WriteTimeout)
	default:
		err = invalid("client", fmt.Errorf("a %T is neither a *redis.Client nor a *redis.ClusterClient", c))
	}
	if err != nil {
		return nil, err
	}
	return client, nil
}

// bounded refuses connections on which a call could stay for ever: a caller
// can leave at any time, but its connection is only free again when the
// answer is there or the timeout has passed.
func bounded(read, write time.Duration) error {
	if read <= 0 || write <= 0 {
		return invalid("client", errors.New("its ReadTimeout or WriteTimeout is switched off"))
	}
	return nil
}

// Ping answers nil if the server answers with these credentials and can run
// scripts.
func (c *Client) Ping(ctx context.Context) error {
	_, err := c.run(ctx, "ping", "", pingScript, nil)
	return err
}

// Breaker is what calls meet now.
func (c *Client) Breaker() BreakerState { return c.breaker.current() }

// Close ends the client, and all views of it: every later call answers
// ports.ErrClosed. Of a client that Dial opened it closes the connections and
// waits for the calls that are under way, which answer at once; one that New
// made leaves both to the caller. A second Close answers nil.
func (c *Client) Close() error {
	c.mu.Lock()
	was := c.closed
	c.closed = true
	c.mu.Unlock()
	if was || !c.owned {
		return nil
	}
	err := c.universal.Close()
	c.calls.Wait()
	if err != nil && !errors.Is(err, goredis.ErrClosed) {
		return ports.Fail("close", "", ports.ErrUnavailable, err)
	}
	return nil
}

// begin counts a call in, unless the client is closed; the call counts itself
// out by c.calls.Done.
func (c *Client) begin(op, name string) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return ports.Fail(op, name, ports.ErrClosed, nil)
	}
	c.calls.Add(1)
	return nil
}
