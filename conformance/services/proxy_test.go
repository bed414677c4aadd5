package services

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// echo starts a server that answers every line with itself, and returns its
// address and a channel of the lines that arrived.
func echo(t *testing.T) (string, <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	lines := make(chan string, 100)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go answer(conn, lines)
		}
	}()
	return l.Addr().String(), lines
}

func answer(conn net.Conn, lines chan<- string) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			lines <- line
		}
		if err != nil {
			return
		}
		if _, err := io.WriteString(conn, line); err != nil {
			return
		}
	}
}

// caller is a client of the echo server.
type caller struct {
	*testing.T
	conn net.Conn
	in   *bufio.Reader
}

func call(t *testing.T, addr string) *caller {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &caller{t, conn, bufio.NewReader(conn)}
}

func (c *caller) say(text string) {
	c.Helper()
	if _, err := io.WriteString(c.conn, text); err != nil {
		c.Fatal(err)
	}
}

// hear reads a line, for at most d.
func (c *caller) hear(d time.Duration) (string, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(d))
	return c.in.ReadString('\n')
}

func (c *caller) expect(want string) {
	c.Helper()
	if got, err := c.hear(10 * time.Second); got != want || err != nil {
		c.Fatalf("heard %q, %v, want %q", got, err, want)
	}
}

// expectSilence hears nothing for a moment.
func (c *caller) expectSilence() {
	c.Helper()
	if got, err := c.hear(50 * time.Millisecond); got != "" || !errors.Is(err, os.ErrDeadlineExceeded) {
		c.Fatalf("heard %q, %v, want nothing", got, err)
	}
}

// expectEnd hears so much and then the end.
func (c *caller) expectEnd(want string, end error) {
	c.Helper()
	if got, err := c.hear(10 * time.Second); got != want || !errors.Is(err, end) {
		c.Fatalf("heard %q, %v, want %q, %v", got, err, want, end)
	}
}

// through starts an echo server, a proxy and a client that has used its
// connection.
func through(t *testing.T) (*FaultProxy, *caller, <-chan string) {
	t.Helper()
	target, lines := echo(t)
	p := Proxy(t, target)
	c := call(t, p.Addr())
	c.say("hello\n")
	c.expect("hello\n")
	<-lines
	return p, c, lines
}

func TestProxyLatency(t *testing.T) {
	t.Parallel()
	p, c, _ := through(t)
	const d = 60 * time.Millisecond
	p.Latency(d)
	start := time.Now()
	c.say("a\n")
	c.expect("a\n")
	if took := time.Since(start); took < d {
		t.Errorf("it took %v", took)
	}
}

func TestProxyDrip(t *testing.T) {
	t.Parallel()
	p, c, _ := through(t)
	p.Drip(10_000)
	start := time.Now()
	line := strings.Repeat("x", 999) + "\n"
	c.say(line)
	c.expect(line)
	if took := time.Since(start); took < 150*time.Millisecond || took > 5*time.Second {
		t.Errorf("twice 1000 bytes at 10,000 a second took %v", took)
	}
}

func TestProxyCutsTheAnswer(t *testing.T) {
	t.Parallel()
	p, c, lines := through(t)
	p.CutDownAfter(3)
	c.say("abcdef\n")
	c.expectEnd("abc", io.EOF)
	if got := <-lines; got != "abcdef\n" {
		t.Errorf("the server read %q", got)
	}
	again := call(t, p.Addr()) // only one connection is struck
	again.say("abcdef\n")
	again.expect("abcdef\n")
}

func TestProxyLosesTheAnswerOfWhatWasDone(t *testing.T) {
	t.Parallel()
	p, c, lines := through(t)
	p.CutDownAfter(0)
	c.say("do\n")
	c.expectEnd("", io.EOF)
	if got := <-lines; got != "do\n" {
		t.Errorf("the server read %q", got)
	}
}

func TestProxyCutsTheRequest(t *testing.T) {
	t.Parallel()
	p, c, lines := through(t)
	p.CutUpAfter(4)
	c.say("abc")
	c.say("def\n")
	c.expectEnd("", io.EOF)
	if got := <-lines; got != "abcd" {
		t.Errorf("the server read %q", got)
	}
}

func TestProxyCutCanBeAReset(t *testing.T) {
	t.Parallel()
	p, c, _ := through(t)
	p.Inject(Fault{Cut: Down, After: 0, Reset: true})
	c.say("abc\n")
	c.expectEnd("", syscall.ECONNRESET)
}

func TestProxyStrikesTheNextConnections(t *testing.T) {
	t.Parallel()
	p, first, _ := through(t)
	p.Inject(Fault{Cut: Down, Connections: 2})
	for range 2 {
		c := call(t, p.Addr())
		c.say("x\n")
		c.expectEnd("", io.EOF)
	}
	first.say("y\n")
	first.expect("y\n")
}

func TestProxyReset(t *testing.T) {
	t.Parallel()
	p, c, _ := through(t)
	p.Reset()
	c.expectEnd("", syscall.ECONNRESET)
	again := call(t, p.Addr())
	again.say("x\n")
	again.expect("x\n")
}

func TestProxyBlackHoleHoldsBytesBack(t *testing.T) {
	t.Parallel()
	p, c, lines := through(t)
	p.BlackHole()
	c.say("x\n")
	c.expectSilence()
	if len(lines) > 0 {
		t.Error("the request arrived")
	}
	p.Heal()
	c.expect("x\n")
}

func TestProxyDropsAnswers(t *testing.T) {
	t.Parallel()
	p, c, lines := through(t)
	p.DropAnswers()
	c.say("x\n")
	if got := <-lines; got != "x\n" {
		t.Errorf("the server read %q", got)
	}
	c.expectSilence()
	p.Heal()
	c.say("y\n")
	c.expect("y\n")
}

func TestProxyRefusesNewConnections(t *testing.T) {
	t.Parallel()
	p, c, _ := through(t)
	p.RefuseNew()
	if conn, err := net.Dial("tcp", p.Addr()); err == nil {
		_ = conn.Close()
		t.Error("a connection was accepted")
	}
	c.say("x\n")
	c.expect("x\n")
	p.AcceptNew()
	again := call(t, p.Addr())
	again.say("y\n")
	again.expect("y\n")
}

func TestProxyResetsWhereTheServerIsNot(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	p := Proxy(t, address(port))
	if conn, err := net.Dial("tcp", p.Addr()); err == nil { // else the reset was faster
		c := &caller{t, conn, bufio.NewReader(conn)}
		c.expectEnd("", syscall.ECONNRESET)
		_ = conn.Close()
	}
	target, _ := echo(t)
	p.Retarget(target)
	again := call(t, p.Addr())
	again.say("x\n")
	again.expect("x\n")
}

func TestProxyPassesOnHalfClosedConnections(t *testing.T) {
	t.Parallel()
	_, c, lines := through(t)
	c.say("no newline")
	if err := c.conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got := <-lines; got != "no newline" {
		t.Errorf("the server read %q", got)
	}
	c.expectEnd("", io.EOF)
}

// Close must find connections that wait in any state; the leak check at the
// end of the process sees the rest.
func TestProxyCloseEndsEverything(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]Fault{
		"idle": {}, "hole": {BlackHole: true}, "late": {Latency: time.Hour}, "drip": {Drip: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, c, _ := through(t)
			p.Inject(f)
			c.say("hello again\n")
			p.Close()
			p.Close()
			if n := p.Open(); n != 0 {
				t.Errorf("%d connections are open", n)
			}
			if _, err := io.ReadAll(c.conn); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error("the client still waits")
			}
		})
	}
}
