package redis

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"github.com/smarterbase/smarterbase/ports"
)

// fakeServer speaks the protocol of Redis over pipes in memory. What a script
// does is a function of Go, set by on; it knows no other command.
type fakeServer struct {
	mu      sync.Mutex
	scripts map[string]fakeScript // by SHA-1
	calls   map[string]int        // by SHA-1
	wg      sync.WaitGroup
}

// fakeScript answers strings, or an error whose text the server sends, such as
// "LOADING …"; errDrop closes the connection instead of an answer.
type fakeScript func(keys, args []string) ([]string, error)

var errDrop = fmt.Errorf("drop")

func newFakeServer(t testing.TB) *fakeServer {
	s := &fakeServer{scripts: make(map[string]fakeScript), calls: make(map[string]int)}
	t.Cleanup(s.wg.Wait)
	return s
}

// on sets what a script does, while calls go on.
func (s *fakeServer) on(what *script, do fakeScript) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[what.sha] = do
}

// called is how often a script was run.
func (s *fakeServer) called(what *script) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[what.sha]
}

// client opens a Client on the server, with a breaker that never opens.
func (s *fakeServer) client(t testing.TB, clock ports.Clock) *Client {
	t.Helper()
	universal := goredis.NewClient(&goredis.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			s.wg.Go(func() { s.serve(there) })
			return here, nil
		},
		Addr:     "127.0.0.1:1", // of a name the SDK asks the resolver, which a bubble of synctest must not begin to use
		PoolSize: 100,           // enough that nobody waits for a connection: the SDK would share timers between bubbles
		Protocol: 2, DisableIdentity: true, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
	})
	c, err := New(universal, Options{Clock: clock, Breaker: BreakerOptions{Failures: -1}})
	if err != nil {
		t.Fatal(err)
	}
	c.owned = true
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (s *fakeServer) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	for r := bufio.NewReader(conn); ; {
		command, err := readCommand(r)
		if err != nil {
			return
		}
		answer := s.answer(command)
		if answer == "" {
			return
		}
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

func readCommand(r *bufio.Reader) ([]string, error) {
	n, err := readNumber(r, '*')
	if err != nil {
		return nil, err
	}
	command := make([]string, n)
	for i := range command {
		size, err := readNumber(r, '$')
		if err != nil {
			return nil, err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, err
		}
		command[i] = string(text[:size])
	}
	return command, nil
}

func readNumber(r *bufio.Reader, kind byte) (int, error) {
	line, err := r.ReadString('\n')
	if err != nil || line[0] != kind {
		return 0, fmt.Errorf("not %q: %q, %w", kind, line, err)
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// answer is what goes over the wire, or nothing to drop the connection.
func (s *fakeServer) answer(command []string) string {
	if strings.ToLower(command[0]) != "evalsha" {
		return "-ERR unknown command\r\n"
	}
	s.mu.Lock()
	do := s.scripts[command[1]]
	s.calls[command[1]]++
	s.mu.Unlock()
	n, err := strconv.Atoi(command[2])
	if err != nil || do == nil {
		return "-ERR no such script in this test\r\n"
	}
	values, err := do(command[3:3+n], command[3+n:])
	switch {
	case err == errDrop: //nolint:errorlint // it is never wrapped
		return ""
	case err != nil:
		return "-" + err.Error() + "\r\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(values))
	for _, v := range values {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(v), v)
	}
	return b.String()
}
