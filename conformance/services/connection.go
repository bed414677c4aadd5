package services

import (
	"context"
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// connection is one TCP connection through a FaultProxy.
type connection struct {
	proxy  *FaultProxy
	client net.Conn
	target string
	life   context.Context // done when it has to end
	die    context.CancelFunc
	once   sync.Once

	mu     sync.Mutex
	server net.Conn // nil until it is there

	// Guarded by the mutex of the proxy.
	seen   *Fault          // the fault of the proxy that was looked at last
	fault  *Fault          // what holds for this connection
	passed [Down + 1]int64 // bytes since it was struck
}

var errCut = errors.New("the connection was cut")

func newConnection(p *FaultProxy, client net.Conn, target string) *connection {
	c := &connection{proxy: p, client: client, target: target}
	c.life, c.die = context.WithCancel(context.Background())
	return c
}

// serve returns when the connection has ended.
func (c *connection) serve() {
	if !c.dial() {
		return
	}
	var down sync.WaitGroup
	down.Go(func() { c.copy(Down) })
	c.copy(Up)
	down.Wait()
	c.end(false)
}

// dial connects to the server. A client whose server is not there sees a
// reset, since it is connected already.
func (c *connection) dial() bool {
	server, err := (&net.Dialer{}).DialContext(c.life, "tcp", c.target)
	if err != nil {
		c.end(true)
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.life.Err() != nil { // it ended before it knew the server
		_ = server.Close()
		return false
	}
	c.server = server
	return true
}

// end closes both sides, once.
func (c *connection) end(reset bool) {
	c.once.Do(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.die()
		for _, conn := range []net.Conn{c.client, c.server} {
			if conn == nil {
				continue
			}
			if tcp, ok := conn.(*net.TCPConn); ok && reset {
				_ = tcp.SetLinger(0)
			}
			_ = conn.Close()
		}
	})
}

// copy passes bytes on in one direction until there are no more.
func (c *connection) copy(d Direction) {
	from, to := c.client, c.server
	if d == Down {
		from, to = c.server, c.client
	}
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && c.pass(d, to, buffer[:n]) != nil {
			c.end(false)
			return
		}
		if err != nil {
			c.finish(to, err)
			return
		}
	}
}

// finish passes on how a side ended: an end of its bytes leaves the other
// direction open, a reset is a reset.
func (c *connection) finish(to net.Conn, err error) {
	var failed *net.OpError
	if errors.As(err, &failed) {
		c.end(errors.Is(err, syscall.ECONNRESET))
		return
	}
	if tcp, ok := to.(*net.TCPConn); ok {
		_ = tcp.CloseWrite()
	}
}

// pass sends bytes on as the fault that holds lets them.
func (c *connection) pass(d Direction, to net.Conn, data []byte) error {
	f, changed := c.proxy.strike(c)
	for f.BlackHole {
		if !c.wait(changed) {
			return errCut
		}
		f, changed = c.proxy.strike(c)
	}
	if d == Down && f.Latency > 0 && !c.sleep(f.Latency) {
		return errCut
	}
	if d == Down && f.DropAnswers {
		return nil
	}
	if rest := c.rest(f, d); rest >= 0 && int64(len(data)) >= rest {
		if err := c.send(f, d, to, data[:rest]); err != nil {
			return err
		}
		c.end(f.Reset)
		return errCut
	}
	return c.send(f, d, to, data)
}

// rest returns how many bytes may pass before the cut; -1 if there is none.
func (c *connection) rest(f *Fault, d Direction) int64 {
	if f.Cut != d {
		return -1
	}
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	return max(f.After-c.passed[d], 0)
}

// dripsPerSecond is in how many pieces the bytes of one second pass.
const dripsPerSecond = 20

func (c *connection) send(f *Fault, d Direction, to net.Conn, data []byte) error {
	piece := len(data)
	if f.Drip > 0 {
		piece = max(f.Drip/dripsPerSecond, 1)
	}
	for len(data) > 0 {
		n := min(piece, len(data))
		if f.Drip > 0 && !c.sleep(time.Second*time.Duration(n)/time.Duration(f.Drip)) {
			return errCut
		}
		if _, err := to.Write(data[:n]); err != nil {
			return err
		}
		c.count(f, d, n)
		data = data[n:]
	}
	return nil
}

// count adds to the bytes that passed under a fault, unless it is over.
func (c *connection) count(f *Fault, d Direction, n int) {
	c.proxy.mu.Lock()
	defer c.proxy.mu.Unlock()
	if c.fault == f {
		c.passed[d] += int64(n)
	}
}

// wait returns when the channel is closed, and whether the connection is
// still there.
func (c *connection) wait(changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	case <-c.life.Done():
		return false
	}
}

// sleep waits, and reports whether the connection is still there.
func (c *connection) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.life.Done():
		return false
	}
}
