package services

import (
	"net"
	"sync"
	"testing"
	"time"
)

// FaultProxy passes TCP connections on to a server, and does to them what
// networks do. Everything may be changed while it runs, also for connections
// that are open. Safe for concurrent use.
//
// One fault holds at a time: each of the methods that set one replaces the
// fault before it, Inject can combine several.
type FaultProxy struct {
	t    testing.TB
	addr string

	mu          sync.Mutex
	target      string
	listener    net.Listener // nil while new connections are refused
	connections map[*connection]struct{}
	fault       *Fault
	left        int           // connections that the fault may yet strike
	changed     chan struct{} // closed when the fault is replaced
	closed      bool
	work        sync.WaitGroup
}

// Proxy starts a proxy in front of the server at target, host:port. It ends
// with the test, and then leaves no goroutine.
func Proxy(t testing.TB, target string) *FaultProxy {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := &FaultProxy{
		t: t, addr: address(port), target: target,
		connections: map[*connection]struct{}{}, fault: &Fault{}, changed: make(chan struct{}),
	}
	p.AcceptNew()
	t.Cleanup(p.Close)
	return p
}

// Addr is the address of the proxy, host:port. It never changes.
func (p *FaultProxy) Addr() string { return p.addr }

// Retarget sends connections that are made from now on to another server.
func (p *FaultProxy) Retarget(target string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.target = target
}

// Inject replaces the fault that holds.
func (p *FaultProxy) Inject(f Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
	p.fault, p.left = &f, f.Connections
}

// Heal ends the fault that holds, and accepts connections again if they were
// refused.
func (p *FaultProxy) Heal() {
	p.Inject(Fault{})
	p.AcceptNew()
}

// Latency makes every answer wait for d, until Heal.
func (p *FaultProxy) Latency(d time.Duration) { p.Inject(Fault{Latency: d}) }

// Drip lets so many bytes a second pass in each direction, until Heal.
func (p *FaultProxy) Drip(bytesPerSecond int) { p.Inject(Fault{Drip: bytesPerSecond}) }

// CutUpAfter ends one connection, the next to be used, when n more bytes have
// gone to the server.
func (p *FaultProxy) CutUpAfter(n int64) { p.Inject(Fault{Cut: Up, After: n, Connections: 1}) }

// CutDownAfter ends one connection, the next to be used, when n more bytes
// have come from the server. With 0, the server has done what it was asked,
// and the client never hears of it.
func (p *FaultProxy) CutDownAfter(n int64) { p.Inject(Fault{Cut: Down, After: n, Connections: 1}) }

// BlackHole holds back all bytes until Heal. Connections are still accepted.
func (p *FaultProxy) BlackHole() { p.Inject(Fault{BlackHole: true}) }

// DropAnswers throws away all answers until Heal.
func (p *FaultProxy) DropAnswers() { p.Inject(Fault{DropAnswers: true}) }

// Reset ends all open connections with a TCP reset. New ones are accepted.
func (p *FaultProxy) Reset() { p.end(true) }

// Disconnect ends all open connections in the ordinary way.
func (p *FaultProxy) Disconnect() { p.end(false) }

func (p *FaultProxy) end(reset bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.connections {
		c.end(reset)
	}
}

// Open returns the number of open connections.
func (p *FaultProxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.connections)
}

// RefuseNew refuses new connections, as the machine of a server that has ended
// does. Open ones go on.
func (p *FaultProxy) RefuseNew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}

// AcceptNew accepts connections again.
func (p *FaultProxy) AcceptNew() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.closed {
		return
	}
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		p.t.Errorf("proxy at %s: %v", p.addr, err)
		return
	}
	p.listener = l
	p.work.Go(func() { p.accept(l) })
}

// Close ends the proxy and all its connections, and returns when its
// goroutines have ended. Closing it again does nothing.
func (p *FaultProxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.RefuseNew()
	p.Disconnect()
	p.work.Wait()
}

func (p *FaultProxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		if c := p.admit(client); c != nil {
			p.work.Go(func() {
				c.serve()
				p.forget(c)
			})
		}
	}
}

// admit makes a connection known, so that Close finds it.
func (p *FaultProxy) admit(client net.Conn) *connection {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = client.Close()
		return nil
	}
	c := newConnection(p, client, p.target)
	p.connections[c] = struct{}{}
	return c
}

func (p *FaultProxy) forget(c *connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.connections, c)
}

// strike returns the fault that holds for a connection and a channel that is
// closed when that may be another one. The counters of the connection begin
// anew with every fault.
func (p *FaultProxy) strike(c *connection) (*Fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.seen != p.fault {
		c.seen, c.fault = p.fault, p.fault
		c.passed = [Down + 1]int64{}
		switch {
		case p.fault.Connections == 0:
		case p.left > 0:
			p.left--
		default:
			c.fault = &Fault{}
		}
	}
	return c.fault, p.changed
}
